/**
 * Keeps what must be whole in files of the data directory that lose their name as soon as they are open: nobody finds them
 * by it, and no crash leaves them behind.
 */
import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Spool, SpoolFault } from '../../ports/spool.ts';

export function fileSpool(dataDir: string): Spool {
  const dir = join(dataDir, 'spool');
  return {
    keep: async (stream) => {
      const file = await orFault(nameless(dir)).catch((error: unknown) => {
        stream.destroy();
        throw error;
      });
      const digest = createHash('sha256');
      let bytes = 0;
      try {
        for await (const chunk of stream) {
          digest.update(chunk);
          bytes += chunk.length;
          await orFault(file.writeFile(chunk));
        }
      } catch (error) {
        await file.close();
        throw error;
      }
      return {
        bytes,
        sha256: digest.digest('hex'),
        read: () => file.createReadStream({ start: 0, autoClose: false }),
        [Symbol.asyncDispose]: () => file.close(),
      };
    },
  };
}

async function nameless(dir: string): Promise<FileHandle> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, randomUUID());
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}

async function orFault<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new SpoolFault(`the host could not keep it: ${code}`, { cause });
  }
}
