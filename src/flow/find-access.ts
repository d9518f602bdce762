/** Finds the access that a person means by an id, a unique prefix of one, or nothing. */
import { isFinished } from '../domain/access.ts';
import { isAccessId } from '../domain/ids.ts';
import type { Refused } from '../domain/refusal.ts';
import { isRefused } from '../domain/refusal.ts';
import type { Stored } from '../ports/ledger.ts';
import { load } from './advance.ts';
import type { Flow } from './deps.ts';

type Deps = Pick<Flow, 'ledger' | 'clock' | 'log'>;

/** `text` may leave out `acc_`. */
export async function findAccess(deps: Deps, text: string): Promise<Stored | Refused> {
  const prefix = text.startsWith('acc_') ? text : `acc_${text}`;
  if (isAccessId(prefix)) return load(deps, prefix);
  if (!/^acc_[a-z2-7]{1,15}$/.test(prefix)) return { refused: { code: 'no-such-access', text } };
  const found = await deps.ledger.find(prefix, 2);
  if (found.length > 1) return { refused: { code: 'ambiguous-access', text, matches: found.length } };
  return found[0] === undefined ? { refused: { code: 'no-such-access', text } } : load(deps, found[0]);
}

/** How far back a person's accesses are looked at: one who has more than this open at once has other troubles. */
const lookBack = 100;

/** The person's accesses that are not over, or all of the newest, newest first. */
export async function accessesOf(
  deps: Deps,
  person: string,
  include: 'unfinished' | 'all' = 'unfinished',
): Promise<readonly Stored[]> {
  const ids = await deps.ledger.of(person, lookBack);
  const stored = await Promise.all(ids.map((id) => load(deps, id)));
  return stored
    .filter((each): each is Stored => !isRefused(each))
    .filter(({ access }) => include === 'all' || !isFinished(access));
}
