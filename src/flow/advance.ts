/**
 * Load, decide, commit, dispatch: the one way in which an access changes. A conflict means that somebody else was
 * first; the decision is then made anew on what stands, never written over it.
 */
import { bot } from '../domain/audit.ts';
import { isoTime } from '../domain/duration.ts';
import type { AccessId } from '../domain/ids.ts';
import { isRefused, type Refused } from '../domain/refusal.ts';
import type { Stepped } from '../domain/step.ts';
import { isStored, LedgerFault, type Read, type Stored } from '../ports/ledger.ts';
import type { Flow } from './deps.ts';
import { dispatch } from './dispatch.ts';

const attemptsMax = 20;

export type Decide = (stored: Stored) => Stepped | Refused | Promise<Stepped | Refused>;

export async function advance(
  deps: Pick<Flow, 'ledger' | 'timers' | 'clock' | 'log'>,
  id: AccessId,
  decide: Decide,
): Promise<Stored | Refused> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const stored = await load(deps, id);
    if (isRefused(stored)) return stored;
    const stepped = await decide(stored);
    if (isRefused(stepped)) return stepped;
    const committed = await deps.ledger.commit({ next: stepped.next, from: stored }, stepped.entries);
    if (committed === 'conflict') continue;
    void dispatch(deps, committed);
    return committed;
  }
  throw new LedgerFault('unavailable', `${id} changed under every attempt to change it`);
}

/** Reads an access. A record that is forged, or older than the trail, is refused, and an alarm says so once. */
export async function load(
  deps: Pick<Flow, 'ledger' | 'clock' | 'log'>,
  id: AccessId,
): Promise<Stored | Refused> {
  return believe(deps, id, await deps.ledger.read(id));
}

export async function believe(
  deps: Pick<Flow, 'ledger' | 'clock' | 'log'>,
  id: AccessId,
  read: Read,
): Promise<Stored | Refused> {
  if (read === 'absent') return { refused: { code: 'no-such-access', text: id } };
  if (read === 'forged') {
    await raiseForged(deps, id, 'its record in Redis was not written by the bot');
    return { refused: { code: 'unproven', why: 'its record was altered' } };
  }
  if (isStored(read)) return read;
  await raiseForged(deps, id, read.says);
  return { refused: { code: 'unproven', why: `its record does not verify: ${read.says}` } };
}

/** Accesses that this process has already raised the alarm for: the sweep sees them again and again. */
const alarmed = new WeakMap<object, Set<string>>();

export async function raiseForged(
  deps: Pick<Flow, 'ledger' | 'clock' | 'log'>,
  id: AccessId,
  why: string,
): Promise<void> {
  const known = alarmed.get(deps.ledger) ?? new Set<string>();
  alarmed.set(deps.ledger, known);
  if (known.has(`${id} ${why}`)) return;
  known.add(`${id} ${why}`);
  deps.log.error({ access: id, why }, 'an access does not verify');
  const at = isoTime(deps.clock.now());
  await deps.ledger.append([
    {
      at,
      action: 'alarm.raised',
      access: id,
      actor: bot,
      details: { what: 'an access does not verify', why },
    },
  ]);
}
