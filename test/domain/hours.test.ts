import { describe, expect, it } from 'vitest';
import { type Hours, parseHours, within } from '../../src/domain/hours.ts';

function hours(text: string): Hours {
  const parsed = parseHours(text);
  if (parsed === undefined) throw new Error(`${text} does not parse`);
  return parsed;
}

const at = (text: string): number => Date.parse(text);

describe('a weekly span', () => {
  it.each([
    'Fri 18:00 - Fri 18:00 UTC',
    'Fri 24:00 - Mon 06:00 UTC',
    'Fri 18:60 - Mon 06:00 UTC',
    'fri 18:00 - Mon 06:00 UTC',
    'Friday 18:00 - Mon 06:00 UTC',
    'Fri 18:00 - Mon 06:00',
    'Fri 18:00 - Mon 06:00 Europe/Atlantis',
    'Fri 6:00 - Mon 06:00 UTC',
    'Fri 18:00-Mon 06:00 UTC',
    'Fri 18:00 - Mon 06:00 UTC ',
    '',
  ])('is not written %j', (text) => expect(parseHours(text)).toBeUndefined());

  it('keeps its text, so that an explanation can quote it', () =>
    expect(hours('Mon 09:00 - Fri 17:00 Europe/Berlin')).toMatchObject({
      zone: 'Europe/Berlin',
      text: 'Mon 09:00 - Fri 17:00 Europe/Berlin',
    }));

  it.each([
    // 2026-11-20 is a Friday.
    ['2026-11-20T17:59:59.999Z', false],
    ['2026-11-20T18:00:00.000Z', true],
    ['2026-11-21T12:00:00.000Z', true],
    ['2026-11-22T23:59:59.999Z', true],
    ['2026-11-23T00:00:00.000Z', true],
    ['2026-11-23T05:59:59.999Z', true],
    ['2026-11-23T06:00:00.000Z', false],
    ['2026-11-25T12:00:00.000Z', false],
  ])('that wraps around the week end, at %s: %s', (instant, inside) =>
    expect(within(hours('Fri 18:00 - Mon 06:00 UTC'), at(instant))).toBe(inside),
  );

  it.each([
    ['2026-11-23T08:59:59.999Z', false],
    ['2026-11-23T09:00:00.000Z', true],
    ['2026-11-27T16:59:59.999Z', true],
    ['2026-11-27T17:00:00.000Z', false],
    ['2026-11-28T12:00:00.000Z', false],
  ])('within the week, at %s: %s', (instant, inside) =>
    expect(within(hours('Mon 09:00 - Fri 17:00 UTC'), at(instant))).toBe(inside),
  );

  it('may wrap around within one day of the week', () => {
    const allButAnHour = hours('Mon 10:00 - Mon 09:00 UTC');
    expect(within(allButAnHour, at('2026-11-23T09:30:00Z'))).toBe(false);
    expect(within(allButAnHour, at('2026-11-23T10:00:00Z'))).toBe(true);
    expect(within(allButAnHour, at('2026-11-30T08:59:00Z'))).toBe(true);
  });

  it.each([
    // Berlin is UTC+1 in winter and UTC+2 in summer: 18:00 there is 17:00 or 16:00 UTC.
    ['2026-01-09T16:59:00Z', false],
    ['2026-01-09T17:00:00Z', true],
    ['2026-07-10T15:59:00Z', false],
    ['2026-07-10T16:00:00Z', true],
    ['2026-07-13T03:59:00Z', true],
    ['2026-07-13T04:00:00Z', false],
  ])('follows its zone through summer and winter, at %s: %s', (instant, inside) =>
    expect(within(hours('Fri 18:00 - Mon 06:00 Europe/Berlin'), at(instant))).toBe(inside),
  );

  it('takes the hour that comes twice on the last Sunday of October for inside, both times', () => {
    const span = hours('Sun 02:00 - Sun 03:00 Europe/Berlin');
    expect(within(span, at('2026-10-24T23:59:00Z'))).toBe(false);
    expect(within(span, at('2026-10-25T00:30:00Z'))).toBe(true);
    expect(within(span, at('2026-10-25T01:30:00Z'))).toBe(true);
    expect(within(span, at('2026-10-25T02:00:00Z'))).toBe(false);
  });

  it('never holds in the hour that is left out on the last Sunday of March', () => {
    const span = hours('Sun 02:00 - Sun 03:00 Europe/Berlin');
    expect(within(span, at('2026-03-29T00:59:59Z'))).toBe(false);
    expect(within(span, at('2026-03-29T01:00:00Z'))).toBe(false);
  });

  it('reads half-hour zones and midnight right', () => {
    const span = hours('Tue 00:00 - Tue 00:30 Asia/Kolkata');
    expect(within(span, at('2026-11-23T18:29:00Z'))).toBe(false);
    expect(within(span, at('2026-11-23T18:30:00Z'))).toBe(true);
    expect(within(span, at('2026-11-23T19:00:00Z'))).toBe(false);
  });

  it('throws where the clock makes no sense, so that its caller decides for the strict side', () =>
    expect(() => within(hours('Mon 09:00 - Fri 17:00 UTC'), Number.NaN)).toThrow());
});
