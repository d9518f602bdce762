/**
 * A weekly span of wall-clock time in a zone, `Fri 18:00 - Mon 06:00 Europe/Berlin`, and whether an instant lies in it.
 * The start is inside and the end is outside; a span may wrap around the week's end. Daylight saving follows the zone.
 */

export type Hours = {
  readonly from: number;
  readonly to: number;
  readonly zone: string;
  readonly text: string;
};

const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
const minutesOfDay = 24 * 60;
const hoursPattern =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([0-9]{2}):([0-9]{2}) - (Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([0-9]{2}):([0-9]{2}) ([A-Za-z0-9_+/-]+)$/;

export const hoursForm = 'such as "Fri 18:00 - Mon 06:00 Europe/Berlin"';

export function parseHours(text: string): Hours | undefined {
  const match = hoursPattern.exec(text);
  if (match === null) return undefined;
  const [, fromDay = '', fromHour = '', fromMinute = '', toDay = '', toHour = '', toMinute = '', zone = ''] =
    match;
  const from = minuteOfWeek(fromDay, Number(fromHour), Number(fromMinute));
  const to = minuteOfWeek(toDay, Number(toHour), Number(toMinute));
  if (from === undefined || to === undefined || from === to || !isZone(zone)) return undefined;
  return { from, to, zone, text };
}

export function within(hours: Hours, epochMs: number): boolean {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: hours.zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(epochMs);
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? '';
  const minute = minuteOfWeek(part('weekday'), Number(part('hour')), Number(part('minute')));
  if (minute === undefined) throw new Error(`no wall-clock time in ${hours.zone} for ${epochMs}`);
  return hours.from < hours.to
    ? minute >= hours.from && minute < hours.to
    : minute >= hours.from || minute < hours.to;
}

function minuteOfWeek(day: string, hour: number, minute: number): number | undefined {
  const index = days.indexOf(day as (typeof days)[number]);
  if (index < 0 || hour > 23 || minute > 59) return undefined;
  return index * minutesOfDay + hour * 60 + minute;
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
