/**
 * Runs a command in a container, beside its first process. For the probe and for tests only: it is unrecorded, so it
 * must never become a verb for people; they get a terminal, whose recording starts before its first byte.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { SandboxFault } from '../../../ports/sandboxes.ts';
import type { Answer } from '../local/call.ts';
import type { Engine } from './engine.ts';
import { gather } from './gather.ts';

/** Time beyond the command's own for the engine and the container to answer at all. */
const answerMs = 3_000;

/** `code` is 137 for what was killed, also for time. Output is cut at a million characters each. */
export async function runInside(
  engine: Engine,
  container: string,
  argv: readonly string[],
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<Answer> {
  const timed = ['timeout', '-s', 'KILL', String(Math.max(0.1, timeoutMs / 1000)), ...argv];
  const { socket, look } = await engine.exec(container, timed, { stdin: false });
  const late = new AbortController();
  try {
    const said = gather(socket);
    const inTime = await Promise.race([
      said.ended.then(() => true),
      pause(timeoutMs + answerMs, false, { signal: late.signal }),
    ]);
    if (!inTime)
      throw new SandboxFault('stuck', 'the sandbox: it did not answer in time', { retryable: true });
    const state = await look();
    return {
      code: 'code' in state ? state.code : undefined,
      stdout: said.text('stdout'),
      stderr: said.text('stderr'),
    };
  } finally {
    late.abort();
    socket.destroy();
  }
}
