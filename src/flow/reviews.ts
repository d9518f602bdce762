/**
 * The accesses of others that somebody may look at, by today's policy and directory: all that are not over, and the
 * newest that are. How far back is bounded, for each record is read and its MAC verified.
 */
import { type Access, isFinished } from '../domain/access.ts';
import type { AccessId } from '../domain/ids.ts';
import type { Person } from '../domain/people.ts';
import { isRefused } from '../domain/refusal.ts';
import { load } from './advance.ts';
import type { Flow } from './deps.ts';
import { reviewedTargets } from './viewing.ts';

type Deps = Pick<Flow, 'ledger' | 'directory' | 'policy' | 'clock' | 'log'>;

/** Of the newest requests of all, how many are looked through for those that are over. */
export const lookedThrough = 500;
/** Of those that are over, how many are found. */
export const overMax = 50;

export type Reviews = { readonly open: readonly Access[]; readonly over: readonly Access[] };

/** Both newest first. */
export async function reviewsOf(deps: Deps, person: Person): Promise<Reviews> {
  const targets = await reviewedTargets(deps, person);
  if (targets.size === 0) return { open: [], over: [] };
  const ids = await Promise.all([deps.ledger.unfinished(), deps.ledger.recent(lookedThrough)]);
  const all = await loadAll(deps, [...new Set(ids.flat())]);
  const theirs = all
    .filter(({ request }) => targets.has(request.target) && request.requester.id !== person.id)
    .sort((one, other) => other.request.askedAt - one.request.askedAt);
  return {
    open: theirs.filter((access) => !isFinished(access)),
    over: theirs.filter(isFinished).slice(0, overMax),
  };
}

async function loadAll(deps: Deps, ids: readonly AccessId[]): Promise<readonly Access[]> {
  const loaded = await Promise.all(ids.map((id) => load(deps, id)));
  return loaded.flatMap((each) => (isRefused(each) ? [] : [each.access]));
}
