/**
 * Takes away what an access was given, once its end has come or it was ended. Needs neither Slack nor the policy. It
 * throws while anything is left, so that its caller tries again, for ever.
 */

import { endOf, type Revoking } from '../domain/access.ts';
import { bot } from '../domain/audit.ts';
import { tellsEnd } from '../domain/changes.ts';
import type { Command } from '../domain/command.ts';
import { isoTime } from '../domain/duration.ts';
import type { AccessId } from '../domain/ids.ts';
import { isRefused } from '../domain/refusal.ts';
import { cleanText } from '../domain/request.ts';
import { step } from '../domain/step.ts';
import { isStored, type Outdated } from '../ports/ledger.ts';
import { lostWords } from '../words/milestones.ts';
import { advance, raiseForged } from './advance.ts';
import type { Flow } from './deps.ts';
import { dispatch } from './dispatch.ts';

type Deps = Pick<Flow, 'ledger' | 'timers' | 'grants' | 'sandboxes' | 'notices' | 'clock' | 'log'>;

export async function takeAway(deps: Deps, id: AccessId, signal: AbortSignal): Promise<void> {
  const read = await deps.ledger.read(id);
  if (read === 'absent' || read === 'forged') return takeAwayOrphan(deps, id, signal);
  if (!isStored(read)) return takeAwayOutdated(deps, id, read, signal);
  let { access } = read;
  const due = endOf(access);
  if (
    (access.state === 'active' || access.state === 'provisioning') &&
    due !== undefined &&
    deps.clock.now() >= due
  ) {
    const ended = await advance(deps, id, (stored) => step(stored.access, { kind: 'end' }, deps.clock.now()));
    if (isRefused(ended)) return;
    access = ended.access;
  }
  if (access.state === 'revoking') await takeBoth(deps, id, access.left, signal);
}

async function takeBoth(
  deps: Deps,
  id: AccessId,
  left: Revoking['left'],
  signal: AbortSignal,
): Promise<void> {
  const outcomes = await Promise.allSettled([
    left.grant ? takeGrant(deps, id, signal) : undefined,
    left.sandbox ? takeSandbox(deps, id) : undefined,
  ]);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/**
 * An older record was put back. What it claims is ended, so that the ledger comes to say what is; and whatever becomes
 * of the record meanwhile, role and sandbox go, for somebody meddles with this access.
 */
async function takeAwayOutdated(
  deps: Deps,
  id: AccessId,
  { outdated, says }: Outdated,
  signal: AbortSignal,
): Promise<void> {
  await raiseForged(deps, id, says);
  const why = cleanText(`its record does not verify: ${says}`, 500);
  const { access } = outdated;
  const command: Command =
    access.state === 'waiting' ? { kind: 'revoke', by: bot, why } : { kind: 'give-up', why };
  const ended = step(access, command, deps.clock.now());
  if (!isRefused(ended)) {
    const committed = await deps.ledger.commit({ next: ended.next, from: outdated }, ended.entries);
    if (committed !== 'conflict') void dispatch(deps, committed);
  }
  await takeBoth(deps, id, { grant: true, sandbox: true }, signal);
}

async function takeGrant(deps: Deps, id: AccessId, signal: AbortSignal): Promise<void> {
  try {
    await deps.grants.revoke(id, signal);
  } catch (error) {
    await missed(deps, id, 'grant', error);
    throw error;
  }
  await advance(deps, id, ({ access }) => step(access, { kind: 'grant-gone' }, deps.clock.now()));
}

async function takeSandbox(deps: Deps, id: AccessId): Promise<void> {
  try {
    await deps.sandboxes.close(id);
  } catch (error) {
    await missed(deps, id, 'sandbox', error);
    throw error;
  }
  await advance(deps, id, ({ access }) => step(access, { kind: 'sandbox-gone' }, deps.clock.now()));
}

/** The first miss raises the alarm; later ones are for the log, or they would flood the trail. */
async function missed(deps: Deps, id: AccessId, what: 'grant' | 'sandbox', error: unknown): Promise<void> {
  const why = cleanText(error instanceof Error ? error.message : String(error), 500);
  deps.log.error({ access: id, what, err: error }, 'could not take away; trying again');
  await advance(deps, id, ({ access }) => {
    const known = access.state === 'revoking' && access.alarmed;
    return known
      ? { refused: { code: 'wrong-state', state: access.state, wanted: 'revoking' } }
      : step(access, { kind: 'missed', what, why }, deps.clock.now());
  });
}

/**
 * An access that the ledger does not know, or no longer believes: what its role and its sandbox say of themselves
 * holds. Before its end it stays, for it may be the work of a ledger that was lost; from its end on it goes, and at
 * once where the trail says that it was ended.
 */
async function takeAwayOrphan(deps: Deps, id: AccessId, signal: AbortSignal): Promise<void> {
  const [grants, sandboxes] = await Promise.all([deps.grants.list(signal), deps.sandboxes.list()]);
  const now = deps.clock.now();
  const grant = grants.find((each) => each.access === id);
  const sandbox = sandboxes.find((each) => each.labels.access === id);
  if (grant === undefined && sandbox === undefined) return;
  const due = [grant?.endsAt ?? 0, grant === undefined ? (sandbox?.deadline ?? 0) : 0].every(
    (end) => end <= now,
  );
  const ended = await endedByTrail(deps, id);
  if (!due && !ended) return;
  if (grant !== undefined) await deps.grants.revoke(id, signal);
  if (sandbox !== undefined) await deps.sandboxes.close(id);
  const gone = [...(grant === undefined ? [] : ['grant']), ...(sandbox === undefined ? [] : ['sandbox'])];
  await deps.ledger.append([
    {
      at: isoTime(now),
      action: 'sweep.repaired',
      access: id,
      actor: bot,
      details: {
        what: gone,
        why: ended
          ? 'its record is gone, and the trail says that it was ended'
          : 'the ledger does not know it and its end has come',
      },
    },
  ]);
  await tellOrphaned(deps, id, grant ?? sandbox?.labels);
}

/** Whether the signed trail says that an access was ended, whatever stands in its record. */
export async function endedByTrail({ ledger }: Pick<Deps, 'ledger'>, id: AccessId): Promise<boolean> {
  const newest = await ledger.newest(id);
  return newest !== undefined && tellsEnd(newest);
}

/** What stood named its requester: they are told, for the record from which messages are made is lost. */
async function tellOrphaned(
  { notices, log }: Deps,
  access: AccessId,
  of: { readonly requester: string; readonly target: string } | undefined,
): Promise<void> {
  if (of === undefined || of.requester === '') return;
  const message = lostWords(access, of.target);
  const delivery = await notices.upsert({ access, tag: 'over', to: { person: of.requester }, message });
  if (!delivery.delivered) log.warn({ access, why: delivery.why }, 'a message could not be delivered');
}
