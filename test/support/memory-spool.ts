/** What is kept until it is handed on, in memory. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Spool, SpoolFault } from '../../src/ports/spool.ts';

export type MemorySpool = Spool & {
  /** How much is kept now. */
  readonly kept: () => number;
  /** The next keeping fails. */
  full: boolean;
};

export function memorySpool(): MemorySpool {
  const standing = new Set<Buffer>();
  const spool: MemorySpool = {
    full: false,
    kept: () => standing.size,
    keep: async (stream) => {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) {
        if (spool.full) throw new SpoolFault('the host could not keep it: ENOSPC');
        chunks.push(chunk);
      }
      const all = Buffer.concat(chunks);
      standing.add(all);
      return {
        bytes: all.length,
        sha256: createHash('sha256').update(all).digest('hex'),
        read: () => Readable.from([all], { objectMode: false }),
        [Symbol.asyncDispose]: async () => {
          standing.delete(all);
        },
      };
    },
  };
  return spool;
}
