/**
 * Which entries tell of a change of an access's record, as opposed to what merely happened in it. Whoever can write to
 * Redis can put an older record back, but cannot take back what the trail has told: so a record that gives something
 * must hold the newest change that is told of its access.
 */
import { type Access, isOpen } from './access.ts';
import type { Action } from './audit.ts';

/** With these nothing is owed any more. */
const last: readonly Action[] = [
  'access.rejected',
  'access.withdrawn',
  'access.lapsed',
  'access.revoked',
  'access.failed',
];

/**
 * Left out: what is also told without a change (`alarm.raised`, `sweep.repaired`), and what tells of a failed try to
 * take away. A record from before one of these gives no more than the one after it.
 */
const told: readonly Action[] = [
  'access.requested',
  'vote.approved',
  'vote.denied',
  'access.approved',
  'sandbox.opened',
  'grant.issued',
  'access.active',
  'access.warned',
  'access.extended',
  'access.ending',
  'grant.revoked',
  'sandbox.closed',
  ...last,
];

export function tellsChange(action: string): boolean {
  return told.some((each) => each === action);
}

/** Nothing is owed to an access of which this is the newest change. */
export function tellsOver(action: string): boolean {
  return last.some((each) => each === action);
}

/** Whether an access of which this is the newest change must be taken away, or was. */
export function tellsEnd(action: string): boolean {
  return ['access.ending', 'grant.revoked', 'sandbox.closed'].includes(action) || tellsOver(action);
}

/** Whether the record lets something be given or kept. An older one of any other only takes away once more. */
export function mustBeNewest(access: Access): boolean {
  return access.state === 'waiting' || isOpen(access);
}
