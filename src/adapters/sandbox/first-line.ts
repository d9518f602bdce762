/** The first line of a new terminal, by which terminal.sh names it to the host. The person never sees it. */
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { SandboxFault } from '../../ports/sandboxes.ts';

/** From the ask to the shell's first line; a sandbox at its limits is slow. */
const openMs = 5_000;
const firstLineMax = 200;

/** Reads up to the end of the first line, which names the terminal, and leaves what follows it in the stream. */
export async function firstLine(stream: Duplex): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let held = Buffer.alloc(0);
  const look = (): void => {
    const chunk: Buffer | null = stream.read();
    if (chunk === null) return;
    held = Buffer.concat([held, chunk]);
    const at = held.indexOf('\n');
    if (at < 0 && held.length < firstLineMax) return;
    stream.removeListener('readable', look);
    stream.unshift(held.subarray(at + 1));
    const tty = /^terminal (\/dev\/pts\/\d+)\r?$/.exec(held.toString('latin1', 0, Math.max(at, 0)))?.[1];
    if (tty === undefined) reject(stuck('its first line does not name a terminal'));
    else resolve(tty);
  };
  stream.on('readable', look);
  stream.once('close', () => reject(stuck('it ended at once')));
  stream.once('error', reject);
  try {
    return await inTime(promise);
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

export async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      work,
      pause(openMs, undefined, { signal: late.signal }).then(() => {
        throw stuck('it was not opened in time');
      }),
    ]);
  } finally {
    late.abort();
  }
}

export function stuck(what: string): SandboxFault {
  return new SandboxFault('stuck', `the terminal: ${what}`, { retryable: true });
}
