/** The audit channel in memory. A post can fail before it arrives, or after: an answer that was lost. */
import { type Entry, headOf } from '../../src/domain/audit.ts';
import { NoticeFault, type TrailChannel } from '../../src/ports/trail-channel.ts';

export type MemoryTrailChannel = TrailChannel & {
  readonly entries: readonly Entry[];
  /** The next post ends in a fault. */
  failNext(when: 'before' | 'after'): void;
};

export function memoryTrailChannel(): MemoryTrailChannel {
  const entries: Entry[] = [];
  const failures: ('before' | 'after')[] = [];
  const fault = (): NoticeFault => new NoticeFault('unavailable', 'Slack does not answer');
  return {
    entries,
    failNext: (when) => void failures.push(when),
    async last() {
      const newest = entries.at(-1);
      return newest === undefined ? undefined : headOf(newest);
    },
    async post(more) {
      const failure = failures.shift();
      if (failure === 'before') throw fault();
      entries.push(...more);
      if (failure === 'after') throw fault();
    },
  };
}
