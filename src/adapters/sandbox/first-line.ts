/** The first line that something started inside says to the host, before whatever else it has to say. */
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { SandboxFault } from '../../ports/sandboxes.ts';

/** From the ask to the first line; a sandbox at its limits is slow. */
const openMs = 5_000;
const firstLineMax = 200;

/** What `read` makes of the first line, and leaves what follows it in the stream. A line of which it makes nothing is a fault. */
export async function firstLine<T>(stream: Readable, read: (line: string) => T | undefined): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let held = Buffer.alloc(0);
  const look = (): void => {
    const chunk: Buffer | null = stream.read();
    if (chunk === null) return;
    held = Buffer.concat([held, chunk]);
    const at = held.indexOf('\n');
    if (at < 0 && held.length < firstLineMax) return;
    stream.removeListener('readable', look);
    stream.unshift(held.subarray(at + 1));
    const said = read(held.toString('latin1', 0, Math.max(at, 0)));
    if (said === undefined) reject(stuck('its first line is none that we know'));
    else resolve(said);
  };
  stream.on('readable', look);
  stream.once('close', () => reject(stuck('what was started in it ended at once')));
  stream.once('error', reject);
  try {
    return await inTime(promise);
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

/** The name of a new terminal, by which terminal.sh begins. The person never sees it. */
export function terminalIn(line: string): string | undefined {
  return /^terminal (\/dev\/pts\/\d+)\r?$/.exec(line)?.[1];
}

export async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      work,
      pause(openMs, undefined, { signal: late.signal }).then(() => {
        throw stuck('it did not answer in time');
      }),
    ]);
  } finally {
    late.abort();
  }
}

export function stuck(what: string): SandboxFault {
  return new SandboxFault('stuck', `the sandbox: ${what}`, { retryable: true });
}
