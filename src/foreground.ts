/**
 * Whoever waits for an answer goes first. Slack gives a command three seconds, a card can come a second later: so
 * messages, and the jobs that lead to them, wait while requests are being answered, but only so long that they get
 * through under constant load. What opens or ends an access waits for nobody.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Effect } from './domain/owed.ts';
import type { Notices } from './ports/notices.ts';
import type { Timers } from './ports/timers.ts';

/** The longest that one message waits. */
const waitAtMostMs = 1_000;
const lookEveryMs = 25;

export type Foreground = {
  /** Somebody waits for an answer while `work` runs. */
  answering<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves once nobody waits, or after a second. */
  quiet(): Promise<void>;
};

export function makeForeground(): Foreground {
  let waiting = 0;
  return {
    answering: async (work) => {
      waiting += 1;
      try {
        return await work();
      } finally {
        waiting -= 1;
      }
    },
    quiet: async () => {
      const giveUpAt = performance.now() + waitAtMostMs;
      while (waiting > 0 && performance.now() < giveUpAt) await wait(lookEveryMs);
    },
  };
}

/** Messages that wait for their turn. */
export function afterAnswers(notices: Notices, { quiet }: Foreground): Notices {
  return {
    posted: async (access, tag) => {
      await quiet();
      return notices.posted(access, tag);
    },
    upsert: async (notice) => {
      await quiet();
      return notices.upsert(notice);
    },
  };
}

/** Effects that somebody would miss only after a second. */
const patient: ReadonlySet<Effect> = new Set<Effect>(['notify', 'lapse', 'warn']);

/** Jobs that wait for their turn; the sweep makes up for those that die with the process meanwhile. */
export function timersAfterAnswers(timers: Timers, { quiet }: Foreground): Timers {
  return {
    schedule: async (wanted) => {
      const later = wanted.filter(({ effect }) => patient.has(effect));
      const now = wanted.filter(({ effect }) => !patient.has(effect));
      if (now.length > 0) await timers.schedule(now);
      if (later.length === 0) return;
      await quiet();
      await timers.schedule(later);
    },
  };
}
