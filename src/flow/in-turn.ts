/**
 * One at a time at an access, by a lease; but a lease is a key in Redis, which whoever writes there can hold for ever.
 * So who waits too long for one that is not this process's own says so, and what is safe to be done by two at once goes
 * on without it.
 */
import { bot } from '../domain/audit.ts';
import { isoTime } from '../domain/duration.ts';
import type { AccessId } from '../domain/ids.ts';
import type { Leases } from '../ports/lease.ts';
import type { Flow } from './deps.ts';

type Deps = Pick<Flow, 'leases' | 'ledger' | 'clock' | 'log'>;

export type Turn = {
  readonly lease: string;
  readonly access: AccessId;
  /** How long somebody else may be at it before the alarm. */
  readonly patienceMs: number;
  /** Whether it is then done without the lease. */
  readonly then: 'go on' | 'wait on';
};

/** Who does not come back for so long has not waited. */
const comesBackMs = 90_000;

type Waiting = { readonly since: number; last: number; alarmed: boolean };
type Known = { readonly own: Set<string>; readonly waiting: Map<string, Waiting> };

const known = new WeakMap<Leases, Known>();

/** `busy`: somebody else is at it, and the caller should look again soon. */
export async function inTurn<T>(
  deps: Deps,
  turn: Turn,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<{ readonly done: T } | 'busy'> {
  const { lease } = turn;
  const { own, waiting } = knownOf(deps.leases);
  const doIt = async (signal: AbortSignal): Promise<{ readonly done: T }> => {
    own.add(lease);
    try {
      return { done: await work(signal) };
    } finally {
      own.delete(lease);
    }
  };
  const outcome = await deps.leases.during(lease, (signal) => {
    waiting.delete(lease);
    return doIt(signal);
  });
  if (outcome !== undefined) return outcome;
  if (own.has(lease)) {
    waiting.delete(lease);
    return 'busy';
  }
  const now = deps.clock.now();
  const before = waiting.get(lease);
  const waits =
    before !== undefined && now - before.last < comesBackMs
      ? before
      : { since: now, last: now, alarmed: false };
  waits.last = now;
  waiting.set(lease, waits);
  if (now - waits.since < turn.patienceMs) return 'busy';
  if (!waits.alarmed) {
    waits.alarmed = true;
    await raise(deps, turn, now - waits.since);
  }
  return turn.then === 'go on' ? doIt(new AbortController().signal) : 'busy';
}

function knownOf(leases: Leases): Known {
  const of = known.get(leases) ?? { own: new Set<string>(), waiting: new Map<string, Waiting>() };
  known.set(leases, of);
  return of;
}

async function raise(deps: Deps, { lease, access, then }: Turn, heldMs: number): Promise<void> {
  const what = 'somebody holds the lease of an access, and does not let go';
  const why = `${lease} was held for ${Math.round(heldMs / 1_000)} s${then === 'go on' ? '; it is done without' : ''}`;
  deps.log.error({ access, lease }, what);
  await deps.ledger
    .append([
      { at: isoTime(deps.clock.now()), action: 'alarm.raised', access, actor: bot, details: { what, why } },
    ])
    .catch((error: unknown) => deps.log.error({ access, err: error }, 'an alarm is not on the record'));
}
