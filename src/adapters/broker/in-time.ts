/** Waiting that ends. */
import type { Clock } from '../../ports/clock.ts';

/** Settles as `work` does, or with 'late' after `ms`; the work itself goes on. */
export async function inTime<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | 'late'> {
  const stop = new AbortController();
  const end = clock.sleep(ms, stop.signal).then(
    () => 'late' as const,
    () => 'late' as const,
  );
  try {
    return await Promise.race([work, end]);
  } finally {
    stop.abort();
  }
}
