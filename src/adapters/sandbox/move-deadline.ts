/** Writes a standing sandbox's new deadline, and has its supervisor look at once instead of within a second. */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { SandboxFault } from '../../ports/sandboxes.ts';
import type { Place } from './local/machine.ts';
import { writeDeadline } from './local/state.ts';

/** `mustStand` throws where the sandbox does not. */
export function moveDeadline(place: Place, deadline: number, now: number, mustStand: () => unknown): void {
  mustStand();
  try {
    writeDeadline(place, deadline);
    wake(join(place.dir, 'wake'));
  } catch (cause) {
    throw new SandboxFault('gone', 'the sandbox just ended', { retryable: false, cause });
  }
  // The supervisor may have begun to end it between the first look and the write.
  if (deadline > now) mustStand();
}

function wake(fifo: string): void {
  const descriptor = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    writeSync(descriptor, '\n');
  } finally {
    closeSync(descriptor);
  }
}
