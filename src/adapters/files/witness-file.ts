/**
 * Remembers the trail's head in a file of the data directory. Written at most ten times a second: a head that is a
 * little old is still a witness, for what it names must stand in the trail.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Head } from '../../domain/audit.ts';
import type { Witness } from '../../ports/witness.ts';

const headSchema = z.object({ chain: z.string(), seq: z.int().min(1), hash: z.string() });
const everyMs = 100;

export function fileWitness(
  path: string,
  further: () => Promise<Head | undefined> = async () => undefined,
): Witness & AsyncDisposable {
  let newest: Head | undefined;
  let written: Head | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function write(): Promise<void> {
    timer = undefined;
    const head = newest;
    if (head === undefined || head === written) return;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(`${path}.new`, JSON.stringify(head), { mode: 0o600 });
    await rename(`${path}.new`, path);
    written = head;
  }

  return {
    /** The file's head; where there is no file, what a further witness (the channel) remembers. */
    last: async () => {
      try {
        return headSchema.parse(JSON.parse(await readFile(path, 'utf8')));
      } catch {
        return further().catch(() => undefined);
      }
    },
    saw: async (head) => {
      newest = head;
      timer ??= setTimeout(() => void write().catch(() => {}), everyMs).unref();
    },
    [Symbol.asyncDispose]: async () => {
      clearTimeout(timer);
      await write().catch(() => {});
    },
  };
}
