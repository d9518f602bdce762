/**
 * The engine puts a process beside the first one by other means than the first itself, so the kernel is asked for each:
 * what holds for it holds for all that it starts.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { SandboxFault } from '../../../ports/sandboxes.ts';
import { capabilitySets } from '../inside-checks.ts';
import type { Executed } from './engine.ts';
import { statusOf } from './host-view.ts';
import type { DockerMachine } from './machine.ts';

/** Where the runtime has a kernel of its own the host's cannot be asked. */
export async function mustBeFenced({ ownKernel }: DockerMachine, { look }: Executed): Promise<void> {
  if (ownKernel) return;
  const status = statusOf(await pidOf(look));
  const fenced =
    status.get('NoNewPrivs') === '1' &&
    status.get('Seccomp') === '2' &&
    capabilitySets.every((set) => /^0{16}$/.test(status.get(set) ?? ''));
  if (fenced) return;
  const saw = ['NoNewPrivs', 'Seccomp', 'CapEff', 'CapBnd'].map((key) => `${key} ${status.get(key) ?? '?'}`);
  const message = `what was started in the sandbox was cut, for it was not fenced: ${saw.join(', ')}`;
  throw new SandboxFault('not-fenced', message, { retryable: true });
}

/** The engine learns it a moment after the process has begun, and says 0 until then. */
async function pidOf(look: Executed['look']): Promise<number> {
  for (let left = 100; left > 0; left -= 1) {
    const seen = await look();
    if ('code' in seen) return 0;
    if (seen.pid > 0) return seen.pid;
    await pause(10);
  }
  return 0;
}
