/** What every spool keeps. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Kept, Spool } from '../../src/ports/spool.ts';

export async function contentOf(kept: Kept): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of kept.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function spoolContract(name: string, make: () => Spool): void {
  describe(`what is kept by ${name}`, () => {
    const chunks = Array.from({ length: 50 }, (_, at) => Buffer.alloc(30_000, at));
    const whole = Buffer.concat(chunks);

    it('is all of the stream, with its length and digest, as often as it is read', async () => {
      await using kept = await make().keep(Readable.from(chunks, { objectMode: false }));
      const sha256 = createHash('sha256').update(whole).digest('hex');
      expect(kept).toMatchObject({ bytes: whole.length, sha256 });
      expect((await contentOf(kept)).equals(whole)).toBe(true);
      expect((await contentOf(kept)).equals(whole)).toBe(true);
    });

    it('may be nothing', async () => {
      await using kept = await make().keep(Readable.from([], { objectMode: false }));
      expect(kept.bytes).toBe(0);
      expect(await contentOf(kept)).toEqual(Buffer.alloc(0));
    });

    it('stands beside others', async () => {
      const spool = make();
      await using one = await spool.keep(Readable.from([Buffer.from('one')]));
      await using other = await spool.keep(Readable.from([Buffer.from('other')]));
      expect(String(await contentOf(one))).toBe('one');
      expect(String(await contentOf(other))).toBe('other');
    });

    it('is nothing of a stream that fails, whose reason comes out', async () => {
      const failing = Readable.from(
        (async function* () {
          yield Buffer.from('half');
          throw new Error('the other half is gone');
        })(),
      );
      await expect(make().keep(failing)).rejects.toThrow('the other half is gone');
    });
  });
}
