/**
 * Opens an approved access: sandbox, then the fixed end, then the grant, then "active". Every stage is committed
 * before the next begins, and each is safe to repeat, so a crash anywhere is made good by running this again.
 *
 * Before each stage the decision is judged again and proved from the signed trail: what does not stand, or does not
 * verify, is undone.
 */

import type { Approved, Provisioning } from '../domain/access.ts';
import type { AccessId } from '../domain/ids.ts';
import { stillStands } from '../domain/judge.ts';
import { groupsOf, targetOf } from '../domain/policy.ts';
import { isRefused } from '../domain/refusal.ts';
import { cleanText } from '../domain/request.ts';
import { step } from '../domain/step.ts';
import { GrantFault } from '../ports/grants.ts';
import type { Stored } from '../ports/ledger.ts';
import { SandboxFault } from '../ports/sandboxes.ts';
import { advance, load } from './advance.ts';
import type { Flow } from './deps.ts';
import { flawOf } from './proof.ts';
import { sandboxSpecOf } from './sandbox-spec.ts';

type Deps = Pick<
  Flow,
  | 'ledger'
  | 'timers'
  | 'grants'
  | 'sandboxes'
  | 'directory'
  | 'policy'
  | 'clock'
  | 'credentialsToken'
  | 'install'
  | 'log'
>;

/** The directory could not answer: the caller tries again until the access is given up. */
export class NotYet extends Error {
  override readonly name = 'NotYet';
  readonly retryable = true;
}

export async function provision(deps: Deps, id: AccessId, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const stored = await load(deps, id);
    if (isRefused(stored)) return;
    const { access } = stored;
    if (access.state !== 'approved' && access.state !== 'provisioning') return;
    if (
      access.state === 'provisioning' &&
      access.stage.at === 'grant' &&
      deps.clock.now() >= access.stage.endsAt
    )
      return;
    if (deps.clock.now() >= access.giveUpAt) {
      await giveUp(deps, id, lateWords);
      return;
    }
    const bar = await barFromOpening(deps, stored);
    if (bar !== undefined) {
      await giveUp(deps, id, bar);
      return;
    }
    try {
      await openStage(deps, access, signal);
    } catch (error) {
      if (!(error instanceof SandboxFault || error instanceof GrantFault) || error.retryable) throw error;
      deps.log.error({ access: id, err: error }, 'could not open');
      await giveUp(deps, id, error.message);
      return;
    }
  }
}

async function openStage(deps: Deps, access: Approved | Provisioning, signal: AbortSignal): Promise<void> {
  const { request, giveUpAt } = access;
  const { id } = request;
  const target = targetOf(deps.policy.current(), request.target);
  if (target === undefined) return;
  if (access.state === 'approved') {
    const begun = await advance(deps, id, (stored) =>
      step(stored.access, { kind: 'begin' }, deps.clock.now()),
    );
    if (isRefused(begun)) return;
  }
  if (access.state === 'approved' || access.stage.at === 'sandbox') {
    // The end is not fixed yet: until it is, the supervisor's deadline is the latest that it can become.
    const latest = giveUpAt + request.durationMs;
    const sandbox = await deps.sandboxes.open(sandboxSpecOf(deps, request, target, latest));
    const { driver, limitsHeldBy, checks } = sandbox;
    await advance(deps, id, (stored) =>
      step(stored.access, { kind: 'sandbox-open', driver, limitsHeldBy, checks }, deps.clock.now()),
    );
    return;
  }
  const { endsAt } = access.stage;
  await deps.sandboxes.setDeadline(id, endsAt);
  const spec = {
    access: id,
    requester: request.requester.id,
    target: request.target,
    aws: awsPart(target),
    endsAt,
  };
  const grant = await whileWanted(deps, id, signal, (wanted) => deps.grants.issue(spec, wanted));
  await advance(deps, id, (stored) =>
    step(stored.access, { kind: 'activate', role: grant.arn }, deps.clock.now()),
  );
}

/** How often a long-running issue looks whether it is still wanted. */
const lookEveryMs = 500;

/** Aborts `work` once the access is no longer being provisioned: a revoke must not wait for a grant to succeed. */
async function whileWanted<T>(
  deps: Deps,
  id: AccessId,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const finished = new AbortController();
  const unwanted = new AbortController();
  const watch = async (): Promise<void> => {
    while (!finished.signal.aborted) {
      await deps.clock.sleep(lookEveryMs, finished.signal);
      const stored = await load(deps, id);
      if (isRefused(stored) || stored.access.state !== 'provisioning')
        unwanted.abort(new NotYet('it was ended while it was being opened'));
    }
  };
  void watch().catch(() => {});
  try {
    return await work(AbortSignal.any([signal, unwanted.signal]));
  } finally {
    finished.abort();
  }
}

function awsPart({ grant: { aws } }: NonNullable<ReturnType<typeof targetOf>>) {
  const { account, region, boundary, managed, policy } = aws;
  return { account, region, boundary, managed, ...(policy === undefined ? {} : { policy }) };
}

/** Why it must not be opened, or undefined. Throws {@link NotYet} where that cannot be told now. */
async function barFromOpening(deps: Deps, stored: Stored): Promise<string | undefined> {
  const { access } = stored;
  if (access.state !== 'approved' && access.state !== 'provisioning') return 'it is not approved';
  const { request, votes, basis } = access;
  const flaw = await flawOf(deps, stored);
  if (flaw !== undefined) return `its approval does not verify: ${flaw}`;
  const policy = deps.policy.current();
  const people = [request.requester.id, ...votes.map((vote) => vote.person)];
  const facts = await deps.directory.facts(policy, groupsOf(policy, request.target), people);
  const refusal = stillStands(policy, request, basis, votes, facts, deps.clock.now());
  if (refusal === undefined) return undefined;
  if (refusal.code === 'directory-unavailable')
    throw new NotYet(`the directory did not answer for ${refusal.missing.join(', ')}`);
  return 'because' in refusal
    ? `it no longer stands: ${refusal.because}`
    : 'why' in refusal
      ? `it no longer stands: ${refusal.why}`
      : `it no longer stands: ${refusal.code}`;
}

/** For whoever waits while somebody else opens it: gives it up once its time is over. */
export async function giveUpLate(deps: Deps, id: AccessId): Promise<void> {
  const stored = await load(deps, id);
  if (isRefused(stored)) return;
  const { access } = stored;
  if (access.state !== 'approved' && access.state !== 'provisioning') return;
  if (deps.clock.now() >= access.giveUpAt) await giveUp(deps, id, lateWords);
}

const lateWords = 'it could not be opened in time';

async function giveUp(deps: Deps, id: AccessId, why: string): Promise<void> {
  await advance(deps, id, (stored) =>
    step(stored.access, { kind: 'give-up', why: cleanText(why, 500) }, deps.clock.now()),
  );
}
