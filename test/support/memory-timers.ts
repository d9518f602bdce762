/** Timers in memory: a test takes what is due. They can be lost, as with a queue that was emptied. */
import type { Timer, Timers } from '../../src/ports/timers.ts';

export type MemoryTimers = Timers & {
  /** Takes what is due at `now`, earliest first. */
  due(now: number): readonly Timer[];
  readonly all: readonly Timer[];
  /** `lost`: what is scheduled is gone without a word. `down`: scheduling throws. */
  mode: 'kept' | 'lost' | 'down';
};

export function memoryTimers(): MemoryTimers {
  const kept = new Map<string, Timer>();
  return {
    mode: 'kept',
    async schedule(timers) {
      if (this.mode === 'down') throw new Error('the queue does not answer');
      if (this.mode === 'lost') return;
      for (const timer of timers) {
        const name = `${timer.access}-${timer.effect}-${timer.version}`;
        if (!kept.has(name)) kept.set(name, timer);
      }
    },
    due(now) {
      const ready = [...kept]
        .filter(([, { at }]) => at <= now)
        .sort(([, one], [, other]) => one.at - other.at);
      for (const [name] of ready) kept.delete(name);
      return ready.map(([, timer]) => timer);
    },
    get all() {
      return [...kept.values()];
    },
  };
}
