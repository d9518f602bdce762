/** Finds the access that a person means by an id, a unique prefix of one, or nothing. */
import { isFinished } from '../domain/access.ts';
import { type AccessId, isAccessId } from '../domain/ids.ts';
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

/** The person's accesses that are not over, newest first. */
export async function unfinishedOf(deps: Deps, person: string): Promise<readonly Stored[]> {
  const stored = await loadAll(
    deps,
    (await deps.ledger.unfinishedOf(person)).map(({ id }) => id),
  );
  return stored.filter(({ access }) => !isFinished(access));
}

/** The person's newest accesses, newest first, over or not. */
export async function newestOf(deps: Deps, person: string, limit: number): Promise<readonly Stored[]> {
  return loadAll(deps, await deps.ledger.of(person, limit));
}

async function loadAll(deps: Deps, ids: readonly AccessId[]): Promise<readonly Stored[]> {
  const stored = await Promise.all(ids.map((id) => load(deps, id)));
  return stored.filter((each): each is Stored => !isRefused(each));
}
