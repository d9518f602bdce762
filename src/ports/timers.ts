/**
 * Work for later. A timer is a hint: what it starts re-reads the ledger and acts only if the ledger still calls for it.
 *
 * - `schedule` is idempotent by access, effect and version: twice is once. It returns after the timer is stored.
 * - A timer may come late, more than once, or, after a disaster, never. The sweep makes up for all three.
 */
import type { AccessId } from '../domain/ids.ts';
import type { Effect } from '../domain/owed.ts';

export type Timer = {
  readonly access: AccessId;
  readonly effect: Effect;
  readonly version: number;
  /** Epoch milliseconds; the past means at once. */
  readonly at: number;
};

export interface Timers {
  schedule(timers: readonly Timer[]): Promise<void>;
}
