/**
 * Where the moments of a recording stand for a player that cuts long pauses short: each pause between two events lasts
 * `pauseMax` at most, and what comes after it moves forward by the rest. The times that are cut are those of the player,
 * never those that people are told.
 */
import type { CastEvent } from './cast.ts';

/** What the player leaves of a pause. */
export const pauseMaxMs = 3_000;

export type PauseCutter = {
  /** Takes the events in order. */
  read(event: CastEvent): void;
  /** Milliseconds into the player at which the moment stands. Of moments of events that were read. */
  played(atMs: number): number;
};

export function pauseCutter(longestMs = pauseMaxMs): PauseCutter {
  /** The events after a long pause, in order, and how much is cut away before each. */
  const pauses: { readonly atMs: number; readonly cutMs: number }[] = [];
  let before = 0;
  return {
    read: ({ atMs }) => {
      const over = atMs - before - longestMs;
      if (over > 0) pauses.push({ atMs, cutMs: (pauses.at(-1)?.cutMs ?? 0) + over });
      before = atMs;
    },
    played: (atMs) => {
      let [from, to] = [0, pauses.length];
      while (from < to) {
        const middle = (from + to) >> 1;
        if ((pauses[middle]?.atMs ?? 0) <= atMs) from = middle + 1;
        else to = middle;
      }
      return atMs - (pauses[from - 1]?.cutMs ?? 0);
    },
  };
}
