/** Tells the flow what happened until it is on the record: back-off, and an end to patience, which is logged. */
import type { Clock } from '../../ports/clock.ts';
import type { BrokerLog } from './way-out.ts';

const firstPauseMs = 100;
const longestPauseMs = 10_000;

export type TellDeps = {
  readonly clock: Clock;
  readonly log: BrokerLog;
  readonly patienceMs: number;
};

/** Never rejects. `facts` are logged with each failure. */
export async function tellUntilHeard(
  { clock, log, patienceMs }: TellDeps,
  facts: Readonly<Record<string, unknown>>,
  tell: () => Promise<void>,
): Promise<void> {
  const until = clock.now() + patienceMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    try {
      await tell();
      return;
    } catch (err) {
      if (clock.now() + pauseMs > until) {
        log.error({ ...facts, err }, 'the broker could not have this recorded, and gives up');
        return;
      }
      log.warn({ ...facts, err }, 'the broker could not have this recorded yet');
    }
    await clock.sleep(pauseMs);
  }
}
