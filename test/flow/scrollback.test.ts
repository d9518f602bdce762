/** Whatever comes, and in whatever pieces: the end of it is kept, bounded, from the start of a line. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { makeScrollback } from '../../src/flow/scrollback.ts';

const most = 256 * 1024;

it('keeps exactly what was shown while that is little, in whatever pieces it came', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 1_200 }), (chunks) => {
      const scrollback = makeScrollback();
      for (const chunk of chunks) scrollback.add(chunk);
      expect(Buffer.compare(scrollback.bytes(), Buffer.concat(chunks))).toBe(0);
    }),
    { numRuns: 30 },
  );
});

it('keeps an end of what was shown, bounded and from the start of a line, however much it was', () => {
  const piece = fc.record({
    length: fc.integer({ min: 1, max: 100_000 }),
    lineLength: fc.integer({ min: 1, max: 5_000 }),
  });
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 40 }), (pieces) => {
      const chunks = pieces.map(({ length, lineLength }, index) =>
        Buffer.from(
          Array.from({ length }, (_, at) => (at % lineLength === 0 ? 10 : 97 + ((at + index) % 26))),
        ),
      );
      const all = Buffer.concat(chunks);
      const scrollback = makeScrollback();
      for (const chunk of chunks) {
        scrollback.add(chunk);
        expect(scrollback.bytes().length).toBeLessThanOrEqual(most);
      }
      const kept = Buffer.from(scrollback.bytes());
      expect(all.subarray(all.length - kept.length).equals(kept)).toBe(true);
      if (kept.length < all.length) expect(all[all.length - kept.length - 1]).toBe(10);
      // Of little nothing is lost, of much at most one line.
      expect(kept.length).toBeGreaterThanOrEqual(Math.min(all.length, most) - 5_001);
    }),
    { numRuns: 30 },
  );
});

it('keeps all of a line that is longer than everything', () => {
  const scrollback = makeScrollback();
  for (let at = 0; at < 100; at += 1) scrollback.add(Buffer.alloc(10_000, 'x'));
  expect(scrollback.bytes().length).toBe(most);
});

it('costs little for single keystrokes', () => {
  const scrollback = makeScrollback();
  const begun = performance.now();
  for (let at = 0; at < 200_000; at += 1) scrollback.add(Buffer.of(97));
  expect(scrollback.bytes().length).toBe(200_000);
  expect(performance.now() - begun).toBeLessThan(5_000);
});
