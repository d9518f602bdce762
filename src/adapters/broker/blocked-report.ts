/**
 * Tells the flow of refused attempts, one telling at a time. Attempts that are alike, and wait for the same telling, are
 * told together with their number; what exceeded the access's bounds is told once a second at most. Memory is bounded
 * however long the ledger is away, and nothing goes uncounted.
 */
import type { Blocked } from '../../ports/brokers.ts';
import type { Clock } from '../../ports/clock.ts';

export type Attempt = Omit<Blocked, 'count'>;

export type BlockedReport = {
  add(attempt: Attempt): void;
  /** An attempt beyond a bound: "10 attempts a second". */
  addOver(by: string, bound: string): void;
  /** Has everything told that is yet to be told. */
  finish(): Promise<void>;
};

/** Kinds of attempts that may wait at once; further ones are only counted. */
const waitingMax = 64;

export function blockedReport(clock: Clock, tell: (blocked: Blocked) => Promise<void>): BlockedReport {
  const waiting = new Map<string, Blocked>();
  let over = new Map<string, number>();
  let overBy = '';
  let telling: Promise<void> | undefined;
  let stopWaiting = new AbortController();

  function add(attempt: Attempt, count: number): void {
    const key = JSON.stringify([attempt.by, attempt.host, attempt.port, attempt.why]);
    const alike = waiting.get(key);
    if (alike === undefined && waiting.size >= waitingMax && attempt.host !== '*') {
      add({ by: attempt.by, host: '*', port: 0, why: 'various, while nothing could be recorded' }, count);
      return;
    }
    waiting.set(key, { ...attempt, count: count + (alike?.count ?? 0) });
    telling ??= tellAll();
  }

  async function tellAll(): Promise<void> {
    for (let first = takeFirst(); first !== undefined; first = takeFirst()) await tell(first);
    telling = undefined;
  }

  function takeFirst(): Blocked | undefined {
    const [first] = waiting;
    if (first === undefined) return undefined;
    waiting.delete(first[0]);
    return first[1];
  }

  function addOverNow(): void {
    const counts = [...over];
    over = new Map();
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    if (total === 0) return;
    const why = `more than ${counts.map(([bound, count]) => `${bound} (${count} times)`).join(', ')}`;
    add({ by: overBy, host: '*', port: 0, why }, total);
  }

  return {
    add: (attempt) => add(attempt, 1),
    addOver: (by, bound) => {
      if (over.size === 0) {
        overBy = by;
        clock.sleep(1_000, stopWaiting.signal).then(addOverNow, () => undefined);
      }
      over.set(bound, (over.get(bound) ?? 0) + 1);
    },
    finish: async () => {
      stopWaiting.abort();
      stopWaiting = new AbortController();
      addOverNow();
      while (telling !== undefined) await telling;
    },
  };
}
