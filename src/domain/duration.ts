/** Durations as people write them, `90s`, `45m`, `2h`, `1d`, and instants as the trail writes them. Milliseconds inside. */

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const durationPattern = /^([1-9][0-9]{0,5})([smhd])$/;

const spokenUnits: Readonly<Record<string, keyof typeof unitMs>> = {
  ...{ s: 's', sec: 's', secs: 's', second: 's', seconds: 's' },
  ...{ m: 'm', min: 'm', mins: 'm', minute: 'm', minutes: 'm' },
  ...{ h: 'h', hr: 'h', hrs: 'h', hour: 'h', hours: 'h' },
  ...{ d: 'd', day: 'd', days: 'd' },
};

/** What a person is told when a duration does not parse. */
export const durationForm = 'a whole number and a unit: 90s, 45m, 2h or 1d';

export function parseDuration(text: string): number | undefined {
  const match = durationPattern.exec(text);
  if (match === null) return undefined;
  const [, count, unit] = match;
  return Number(count) * unitMs[unit as keyof typeof unitMs];
}

/** As {@link parseDuration}, and as people write when they are in a hurry: `45M`, `45min`, `2hours`. */
export function readDuration(text: string): number | undefined {
  const [, count = '', unit = ''] = /^([0-9]+)([A-Za-z]+)$/.exec(text) ?? [];
  const meant = spokenUnits[unit.toLowerCase()];
  return meant === undefined ? undefined : parseDuration(count + meant);
}

export function isDurationUnit(word: string): boolean {
  return Object.hasOwn(spokenUnits, word.toLowerCase());
}

/** The shortest exact spelling in whole units, rounded to the second: 5400000 -> `90m`, 7200000 -> `2h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds > 0 && seconds % 86_400 === 0) return `${seconds / 86_400}d`;
  if (seconds > 0 && seconds % 3_600 === 0) return `${seconds / 3_600}h`;
  if (seconds > 0 && seconds % 60 === 0) return `${seconds / 60}m`;
  return `${seconds}s`;
}

/** ISO 8601 in UTC, with milliseconds. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** Rounds up to a whole second: IAM's date conditions and role tags know no finer time. */
export function wholeSecond(epochMs: number): number {
  return Math.ceil(epochMs / 1_000) * 1_000;
}
