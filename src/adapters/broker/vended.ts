/**
 * Credentials that are vended once and used again while they last, so that a loop of program starts floods neither STS
 * nor the trail. Concurrent askers share one vending; after a failure the next is not tried at once.
 */

import type { Clock } from '../../ports/clock.ts';
import type { Credentials } from '../../ports/grants.ts';

const leftMinMs = 60_000;
/** Near the end of an access no set lasts for long: a set is used for at least so long, while it lasts at all. */
const usedMinMs = 10_000;
const afterFailureMs = 1_000;

export function vendedOnce(clock: Clock, vend: () => Promise<Credentials>): () => Promise<Credentials> {
  let held: { readonly set: Credentials; readonly at: number } | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  let underWay: Promise<Credentials> | undefined;

  const lasts = (now: number): boolean => {
    if (held === undefined) return false;
    const left = held.set.expiresAt - now;
    const whole = held.set.expiresAt - held.at;
    return left > 0 && ((left > leftMinMs && left > whole / 3) || now - held.at < usedMinMs);
  };

  const vendNow = async (): Promise<Credentials> => {
    try {
      const set = await vend();
      held = { set, at: clock.now() };
      return set;
    } catch (error) {
      failedAt = clock.now();
      failure = error;
      throw error;
    } finally {
      underWay = undefined;
    }
  };

  return async () => {
    const now = clock.now();
    if (underWay !== undefined) return await underWay;
    if (held !== undefined && lasts(now)) return held.set;
    if (now - failedAt < afterFailureMs && now >= failedAt) throw failure;
    underWay = vendNow();
    return await underWay;
  };
}
