import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CastEvent } from '../../src/domain/cast.ts';
import { pauseCutter } from '../../src/domain/cast-pauses.ts';

const shownAt = (atMs: number): CastEvent => ({ atMs, code: 'o', data: 'x' });

it('moves what comes after a long pause, and nothing else', () => {
  const pauses = pauseCutter(3_000);
  for (const atMs of [0, 3_000, 3_500, 10_000, 10_001, 20_001]) pauses.read(shownAt(atMs));
  expect([0, 3_000, 3_500, 10_000, 10_001, 20_001].map(pauses.played)).toEqual([
    0, 3_000, 3_500, 6_500, 6_501, 9_501,
  ]);
});

it('counts the time before the first event as a pause', () => {
  const pauses = pauseCutter(3_000);
  pauses.read(shownAt(5_000));
  expect(pauses.played(5_000)).toBe(3_000);
});

it('leaves a recording without long pauses as it is', () => expect(pauseCutter().played(1_234)).toBe(1_234));

it('adds up the intervals, each no longer than the longest', () =>
  fc.assert(
    fc.property(fc.array(fc.nat(20_000)), (intervals) => {
      const pauses = pauseCutter(3_000);
      let [atMs, expected] = [0, 0];
      const moments = intervals.map((interval) => {
        atMs += interval;
        expected += Math.min(interval, 3_000);
        return { atMs, expected };
      });
      for (const { atMs } of moments) pauses.read(shownAt(atMs));
      expect(moments.map(({ atMs }) => pauses.played(atMs))).toEqual(moments.map((each) => each.expected));
    }),
  ));
