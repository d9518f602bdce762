/** A clock that only a test moves. Whoever sleeps wakes when it has been moved far enough. */
import type { Clock } from '../../src/ports/clock.ts';

export type HandClock = Clock & {
  /** Moves on by `ms`, waking those whose time has come, in order. */
  tick(ms: number): void;
};

export function handClock(start: number): HandClock {
  let now = start;
  const sleepers = new Map<() => void, number>();
  return {
    now: () => now,
    tick: (ms) => {
      now += ms;
      for (const [wake, at] of [...sleepers].sort(([, one], [, other]) => one - other)) if (at <= now) wake();
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason);
        const wake = (): void => {
          sleepers.delete(wake);
          resolve();
        };
        sleepers.set(wake, now + ms);
        signal?.addEventListener('abort', () => {
          sleepers.delete(wake);
          reject(signal.reason);
        });
      }),
  };
}
