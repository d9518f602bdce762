/**
 * The access that a request names, if it is for them to see. What they may not see reads like what is not there; that
 * they asked for it is on the record.
 */
import { isAccessId } from '../../domain/ids.ts';
import type { Person } from '../../domain/people.ts';
import { isRefused, type Refused } from '../../domain/refusal.ts';
import { load } from '../../flow/advance.ts';
import type { TurnedAway } from '../../flow/refuse-at-door.ts';
import { barFromViewing, isSight, type Sight, sightOf } from '../../flow/viewing.ts';
import type { Stored } from '../../ports/ledger.ts';
import type { PagesDeps } from './deps.ts';
import { turnAway } from './turned-away.ts';

export type Asked = { readonly id: string; readonly person: Person; readonly doing: TurnedAway['doing'] };

export async function accessFor(
  deps: Pick<PagesDeps, 'flow' | 'log'>,
  { id, person, doing }: Asked,
): Promise<{ readonly stored: Stored; readonly sight: Sight } | Refused> {
  const { flow } = deps;
  const stored = isAccessId(id) ? await load(flow, id) : undefined;
  const bar = await barFromViewing(flow, person);
  // Of a record that does not verify nobody can tell whose it is: it is for nobody.
  if (stored === undefined || isRefused(stored))
    return { refused: bar ?? { code: 'no-such-access', text: id } };
  const sight = bar ?? (await sightOf(flow, stored.access, person));
  if (isSight(sight)) return { stored, sight };
  if (sight.code !== 'directory-unavailable')
    await turnAway(deps, { person, doing, refusal: sight, access: id });
  return { refused: sight };
}
