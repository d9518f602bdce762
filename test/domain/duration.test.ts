import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatDuration,
  isoTime,
  parseDuration,
  readDuration,
  wholeSecond,
} from '../../src/domain/duration.ts';

describe('durations', () => {
  it.each([
    ['90s', 90_000],
    ['45m', 2_700_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1s', 1_000],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each([
    '',
    '0m',
    '00m',
    '05m',
    '-5m',
    '+5m',
    '1.5h',
    '5',
    'm',
    '5 m',
    '5M',
    '5w',
    '1h30m',
    '1e3s',
    '5m\n',
    ' 5m',
    '1234567s',
    '٥m',
  ])('does not read %j', (text) => expect(parseDuration(text)).toBeUndefined());

  it.each([
    ['45m', 2_700_000],
    ['45M', 2_700_000],
    ['45min', 2_700_000],
    ['2Hours', 7_200_000],
    ['1day', 86_400_000],
    ['90secs', 90_000],
  ])('reads what people write: %s', (text, ms) => expect(readDuration(text)).toBe(ms));

  it.each(['0min', '5', '5 min', '5 m', '1h30m', '5weeks', '5constructor', '05m', '1.5h', 'min'])(
    'does not guess at %j',
    (text) => expect(readDuration(text)).toBeUndefined(),
  );

  it.each([
    [5_400_000, '90m'],
    [7_200_000, '2h'],
    [172_800_000, '2d'],
    [90_000, '90s'],
    [0, '0s'],
    [1_499, '1s'],
    [1_500, '2s'],
  ])('writes %i ms as %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 999_999 }),
        fc.constantFrom('s', 'm', 'h', 'd'),
        (count, unit) => {
          const ms = parseDuration(`${count}${unit}`);
          expect(ms).toBeGreaterThan(0);
          expect(parseDuration(formatDuration(ms ?? 0))).toBe(ms);
        },
      ),
    );
  });
});

describe('instants', () => {
  it('are written in UTC with milliseconds', () =>
    expect(isoTime(Date.UTC(2026, 10, 23, 12, 0, 0, 5))).toBe('2026-11-23T12:00:00.005Z'));

  it('are rounded up to whole seconds, never down', () => {
    expect(wholeSecond(1_000)).toBe(1_000);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (ms) => {
        const whole = wholeSecond(ms);
        expect(whole % 1_000).toBe(0);
        expect(whole - ms).toBeGreaterThanOrEqual(0);
        expect(whole - ms).toBeLessThan(1_000);
      }),
    );
  });
});
