/**
 * Makes the world match the ledger, whatever happened to queue, process or Redis. `sweepLedger` derives again what is
 * owed and does what is due; `sweepWorld` looks at what really stands in AWS and on the sandbox host.
 */
import { type Access, isFinished } from '../domain/access.ts';
import { bot } from '../domain/audit.ts';
import { isoTime } from '../domain/duration.ts';
import type { AccessId } from '../domain/ids.ts';
import { type Effect, owed } from '../domain/owed.ts';
import { approvedTarget } from '../domain/policy.ts';
import { isRefused } from '../domain/refusal.ts';
import { cleanText } from '../domain/request.ts';
import { step } from '../domain/step.ts';
import type { Grant } from '../ports/grants.ts';
import { isStored, type Stored } from '../ports/ledger.ts';
import type { FoundSandbox } from '../ports/sandboxes.ts';
import { advance, believe, load } from './advance.ts';
import type { Flow } from './deps.ts';
import { dispatch } from './dispatch.ts';
import { inTurn } from './in-turn.ts';
import { flawOf } from './proof.ts';
import { pauseAfter, runEffect } from './run-effect.ts';
import { sandboxSpecOf } from './sandbox-spec.ts';
import { endedByTrail, takeAway } from './take-away.ts';

/** What failed when, so that the sweep keeps the same patience as the queue. */
export type Misses = Map<string, { since: number; next: number }>;

/** One pass over the ledger. What is due is done here too: the queue may be the thing that is broken. */
export async function sweepLedger(
  deps: Flow,
  misses: Misses,
  random: () => number = Math.random,
): Promise<void> {
  const [unfinished, untold] = await Promise.all([deps.ledger.unfinished(), deps.ledger.untold()]);
  const ids = [...new Set([...unfinished, ...untold])];
  await inLanes(ids, 8, (id) => doWhatIsDue(deps, misses, id, random));
}

async function doWhatIsDue(deps: Flow, misses: Misses, id: AccessId, random: () => number): Promise<void> {
  const read = await deps.ledger.read(id);
  // What is said of it does not count, so nothing is owed to it but its end.
  if (typeof read !== 'string' && !isStored(read)) return tryEffect(deps, misses, 'revoke', id, random);
  const stored = await believe(deps, id, read);
  if (isRefused(stored)) return;
  await dispatch(deps, stored);
  const now = deps.clock.now();
  for (const { effect, at } of owed(stored.access)) {
    // Jobs get a head start: the sweep is for what they missed.
    if (effect === 'notify' || at > now || now - dueSince(stored.access, at) < headStartMs) continue;
    await tryEffect(deps, misses, effect, id, random);
  }
}

const headStartMs = 3_000;
const justOpenedMs = 30_000;

async function tryEffect(
  deps: Flow,
  misses: Misses,
  effect: Effect,
  id: AccessId,
  random: () => number,
): Promise<void> {
  const key = `${effect} ${id}`;
  const miss = misses.get(key);
  const now = deps.clock.now();
  if (miss !== undefined && now < miss.next) return;
  try {
    await runEffect(deps, effect, id);
    misses.delete(key);
  } catch (error) {
    const since = miss?.since ?? now;
    misses.set(key, { since, next: deps.clock.now() + pauseAfter(now - since, random) });
    deps.log.warn({ access: id, effect, err: error }, 'the sweep could not do it; trying again');
  }
}

/** Since when an effect that is due has been due. */
function dueSince(access: Access, at: number): number {
  if (at > 0) return at;
  if (access.state === 'revoking') return access.since;
  return 'approvedAt' in access ? access.approvedAt : access.request.askedAt;
}

/**
 * One pass over roles and sandboxes. Each side fails alone. What stands names its access: what is due there is done
 * too, for whoever can write to Redis can take an access out of the index of what is unfinished.
 */
export async function sweepWorld(
  deps: Flow,
  misses: Misses = new Map(),
  random: () => number = Math.random,
): Promise<void> {
  const [grants, sandboxes] = await Promise.allSettled([deps.grants.list(), deps.sandboxes.list()]);
  for (const side of [grants, sandboxes]) {
    if (side.status === 'rejected')
      deps.log.warn({ err: side.reason }, 'could not look at what stands; trying again');
  }
  const standing = grants.status === 'fulfilled' ? grants.value : undefined;
  const found = sandboxes.status === 'fulfilled' ? sandboxes.value : undefined;
  const open = found?.map(({ labels }) => labels.access);
  const present = new Set<AccessId>([...(standing?.map(({ access }) => access) ?? []), ...(open ?? [])]);
  await inLanes([...present], 8, (id) => alone(deps, id, () => doWhatIsDue(deps, misses, id, random)));
  await inLanes([...present], 8, (id) =>
    guarded(deps, id, 'go on', () =>
      settleStanding(
        deps,
        id,
        standing?.find(({ access }) => access === id),
        open?.includes(id) ?? false,
      ),
    ),
  );
  const expected = await deps.ledger.unfinished();
  await inLanes(expected, 8, (id) =>
    guarded(deps, id, 'wait on', () =>
      replaceMissing(deps, id, {
        grant: standing !== undefined && !standing.some(({ access }) => access === id),
        sandbox: found !== undefined && !standsIn(found, id),
      }),
    ),
  );
}

function standsIn(found: readonly FoundSandbox[], id: AccessId): boolean {
  return found.some(({ labels, stands }) => stands && labels.access === id);
}

const patienceMs = 10_000;

/** To take away or to move an end is safe for two at once; to open anew is not tried. */
async function guarded(
  deps: Flow,
  id: AccessId,
  then: 'go on' | 'wait on',
  work: () => Promise<void>,
): Promise<void> {
  await alone(deps, id, async () => {
    await inTurn(deps, { lease: `access:${id}`, access: id, patienceMs, then }, work);
  });
}

async function alone(deps: Flow, id: AccessId, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    deps.log.warn({ access: id, err: error }, 'the sweep could not repair; trying again');
  }
}

/** Something stands in the world: is it meant to? */
async function settleStanding(
  deps: Flow,
  id: AccessId,
  grant: Grant | undefined,
  hasSandbox: boolean,
): Promise<void> {
  const read = await deps.ledger.read(id);
  if (read === 'absent' || read === 'forged') {
    if (grant !== undefined && grant.endsAt > deps.clock.now() && !(await endedByTrail(deps, id))) {
      await deps.timers.schedule([{ access: id, effect: 'revoke', version: 0, at: grant.endsAt }]);
      return;
    }
    await takeAway(deps, id, AbortSignal.timeout(120_000));
    return;
  }
  // Taken away as what is due.
  if (!isStored(read)) return;
  const { access } = read;
  if (isFinished(access) || access.state === 'waiting') {
    // Looked at again: what was listed may have been taken away in the meantime, and nothing was then repaired.
    const [grants, sandboxes] = await Promise.all([deps.grants.list(), deps.sandboxes.list()]);
    const hasGrant = grant !== undefined && grants.some((each) => each.access === id);
    const stillOpen = hasSandbox && sandboxes.some(({ labels }) => labels.access === id);
    if (hasGrant) await deps.grants.revoke(id);
    if (stillOpen) await deps.sandboxes.close(id);
    const what = [...(hasGrant ? ['grant'] : []), ...(stillOpen ? ['sandbox'] : [])];
    if (what.length > 0) await tell(deps, id, { what, why: `the access is ${access.state}` });
    return;
  }
  if (access.state === 'active' && grant !== undefined && grant.endsAt !== access.endsAt) {
    if (await endUnproven(deps, read)) return;
    await deps.grants.setEnd(id, access.endsAt);
    await deps.sandboxes.setDeadline(id, access.endsAt);
    await tell(deps, id, { what: ['end'], why: 'the grant had another end than the ledger' });
  }
}

/** Something should stand in the world: does it? */
async function replaceMissing(
  deps: Flow,
  id: AccessId,
  missing: { readonly grant: boolean; readonly sandbox: boolean },
): Promise<void> {
  const stored = await load(deps, id);
  if (isRefused(stored) || stored.access.state !== 'active') return;
  const { access } = stored;
  // What became active after the world was looked at is not missing.
  if (deps.clock.now() >= access.endsAt || deps.clock.now() - access.startedAt < justOpenedMs) return;
  if (missing.grant) {
    await giveUp(deps, id, 'its role is gone from AWS');
    return;
  }
  if (!missing.sandbox || (await endUnproven(deps, stored))) return;
  // Looked at again: another sweep may have opened it since.
  if (standsIn(await deps.sandboxes.list(), id)) return;
  const target = approvedTarget(deps.policy.current(), access.request);
  if (target === undefined) {
    await giveUp(deps, id, 'its sandbox is gone, and what its target grants is not what was approved');
    return;
  }
  const { driver } = await deps.sandboxes.open(sandboxSpecOf(deps, access.request, target, access.endsAt));
  await advance(deps, id, (now) => step(now.access, { kind: 'sandbox-anew', driver }, deps.clock.now()));
}

/** Ends an access that the signed trail does not prove, instead of repairing what the record claims. */
async function endUnproven(deps: Flow, stored: Stored): Promise<boolean> {
  const flaw = await flawOf(deps, stored);
  if (flaw === undefined) return false;
  await giveUp(deps, stored.access.request.id, `its record does not verify: ${flaw}`);
  return true;
}

async function giveUp(deps: Flow, id: AccessId, why: string): Promise<void> {
  await advance(deps, id, ({ access }) =>
    step(access, { kind: 'give-up', why: cleanText(why, 500) }, deps.clock.now()),
  );
}

async function tell(
  deps: Flow,
  access: AccessId,
  details: { readonly what: readonly string[]; readonly why: string },
): Promise<void> {
  await deps.ledger.append([
    { at: isoTime(deps.clock.now()), action: 'sweep.repaired', access, actor: bot, details },
  ]);
}

async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const lane = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
