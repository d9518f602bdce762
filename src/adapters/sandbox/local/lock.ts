/**
 * One process at a time per access. The lock is the kernel's (flock on a descriptor of ours, taken by the `flock`
 * program, as Node cannot), so it ends with its holder: there is no stale lock to break.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, rmSync, statSync } from 'node:fs';
import { SandboxFault } from '../../../ports/sandboxes.ts';
import { systemPath } from './machine.ts';

/** An opening or a closing takes far less; a holder that takes longer is stuck. */
const patienceSeconds = 30;

export type Lock = Disposable & {
  /** Removes the lock's file on release. */
  removeFile(): void;
};

export async function lock(file: string): Promise<Lock> {
  for (;;) {
    const descriptor = openSync(file, 'a', 0o600);
    try {
      await takeLock(descriptor);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    // The last holder may have removed the file while we waited for it.
    if (statSync(file, { throwIfNoEntry: false })?.ino === fstatSync(descriptor).ino) {
      let remove = false;
      return {
        removeFile: () => {
          remove = true;
        },
        [Symbol.dispose]: () => {
          if (remove) rmSync(file, { force: true });
          closeSync(descriptor);
        },
      };
    }
    closeSync(descriptor);
  }
}

async function takeLock(descriptor: number): Promise<void> {
  const child = spawn('flock', ['--exclusive', '--wait', String(patienceSeconds), '3'], {
    env: { PATH: systemPath },
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0)
    throw new SandboxFault('stuck', 'another process holds this sandbox and does not let go', {
      retryable: true,
    });
}
