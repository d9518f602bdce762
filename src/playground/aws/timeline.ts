/**
 * A value with its past, which is how eventual consistency is told here: read-back asks for the latest version,
 * judgement for the version of a moment ago. `undefined` stands for "does not exist".
 */

export type Timeline<T> = readonly { readonly at: number; readonly value: T | undefined }[];

export function latest<T>(timeline: Timeline<T> | undefined): T | undefined {
  return timeline?.at(-1)?.value;
}

/** The version in force at `moment` (epoch milliseconds): the last one written then or before. */
export function asOf<T>(timeline: Timeline<T> | undefined, moment: number): T | undefined {
  return timeline?.findLast((version) => version.at <= moment)?.value;
}

/** Adds a version written at `at`, and forgets those that no question about `horizon` or later can reach. */
export function append<T>(
  timeline: Timeline<T> | undefined,
  at: number,
  value: T | undefined,
  horizon: number,
): Timeline<T> {
  const past = timeline ?? [];
  const oldestNeeded = past.findLastIndex((version) => version.at <= horizon);
  return [...past.slice(Math.max(0, oldestNeeded)), { at, value }];
}
