/**
 * Someone clicks Approve or Deny. Authority is judged here, at the click, from today's policy and directory: neither
 * the button, nor the channel, nor who was mentioned counts.
 */
import { barFromVoting, tally, type Vote } from '../domain/approval.ts';
import { isoTime } from '../domain/duration.ts';
import type { AccessId } from '../domain/ids.ts';
import { stillStands, weigh } from '../domain/judge.ts';
import type { Person } from '../domain/people.ts';
import { groupsOf, targetOf, termsOf } from '../domain/policy.ts';
import { isRefused, type Refusal, type Refused } from '../domain/refusal.ts';
import { cleanText, reasonMax } from '../domain/request.ts';
import { type Stepped, step } from '../domain/step.ts';
import type { Stored } from '../ports/ledger.ts';
import type { Posted } from '../ports/notices.ts';
import { advance } from './advance.ts';
import type { Flow } from './deps.ts';
import { notify } from './notify.ts';

type Deps = Pick<
  Flow,
  'ledger' | 'timers' | 'directory' | 'policy' | 'notices' | 'recordings' | 'clock' | 'pages' | 'log'
>;

export type Ballot = {
  readonly access: AccessId;
  readonly voter: Person;
  readonly answer: Vote['answer'];
  readonly reason?: string;
  /** The message that was clicked: it must be one that the bot recorded for this access. */
  readonly card: Posted;
};

export async function castVote(deps: Deps, ballot: Ballot): Promise<Stored | Refused> {
  const outcome = (await isKnownCard(deps, ballot))
    ? await advance(deps, ballot.access, (stored) => decide(deps, stored, ballot))
    : { refused: { code: 'stale-card' } as const };
  if (isRefused(outcome)) await recordRefusal(deps, ballot, outcome.refused);
  return outcome;
}

/** Whether this card is one of the access's own, so that a forged or copied message carries no vote. */
export async function isOurCard(
  deps: Pick<Flow, 'notices'>,
  { access, card }: Pick<Ballot, 'access' | 'card'>,
): Promise<boolean> {
  const posted = await deps.notices.posted(access, 'card');
  return posted.some(({ channel, ts }) => channel === card.channel && ts === card.ts);
}

/** After a crash between posting and recording, the card stands and is not known yet: notifying finds it again. */
async function isKnownCard(deps: Deps, ballot: Ballot): Promise<boolean> {
  if (await isOurCard(deps, ballot)) return true;
  await notify(deps, ballot.access).catch((error: unknown) =>
    deps.log.warn({ err: error }, 'could not look for a card'),
  );
  return isOurCard(deps, ballot);
}

async function decide(deps: Deps, { access }: Stored, ballot: Ballot): Promise<Stepped | Refused> {
  const refuse = (refused: Refusal): Refused => ({ refused });
  if (access.state !== 'waiting')
    return refuse({ code: 'wrong-state', state: access.state, wanted: 'waiting' });
  const { request, votes } = access;
  const policy = deps.policy.current();
  const target = targetOf(policy, request.target);
  // The policy no longer names it: nobody is left who may decide, and it grants nothing that was asked for.
  if (target === undefined) return refuse({ code: 'terms-changed' });

  const people = [ballot.voter.id, request.requester.id, ...votes.map((vote) => vote.person)];
  const facts = await deps.directory.facts(policy, groupsOf(policy, request.target), [...new Set(people)]);
  const bar = barFromVoting(target.approvers, ballot.voter.id, request.requester.id, facts);
  if (bar === 'own-request') return refuse({ code: 'own-request' });
  if (bar === 'unknown' || (bar === 'not-an-approver' && facts.missing.length > 0)) {
    return refuse({ code: 'directory-unavailable', missing: facts.missing });
  }
  if (bar === 'not-an-approver') return refuse({ code: 'not-an-approver' });
  if (bar !== undefined) return refuse({ code: 'ineligible', why: bar });
  // A vote that cannot be counted now is not taken: it could not be cast again.
  if (ballot.answer === 'approve' && facts.missing.length > 0)
    return refuse({ code: 'directory-unavailable', missing: facts.missing });
  if (ballot.answer === 'approve' && votes.some((vote) => vote.person === ballot.voter.id))
    return refuse({ code: 'already-voted' });

  const now = deps.clock.now();
  const reason = cleanText(ballot.reason ?? '', reasonMax);
  const vote: Vote = {
    person: ballot.voter.id,
    name: ballot.voter.name,
    answer: ballot.answer,
    at: now,
    ...(reason === '' ? {} : { reason }),
  };
  if (ballot.answer === 'deny')
    return step(access, { kind: 'vote', vote, decided: false, policy: policy.hash }, now);

  if (termsOf(target) !== request.terms) return refuse({ code: 'terms-changed' });
  const verdict = weigh(
    policy,
    { target: request.target, requester: request.requester.id, durationMs: request.durationMs },
    facts,
    now,
  );
  if (verdict.outcome === 'refused') return refuse(verdict.refusal);
  const all = [...votes, vote];
  const count = tally(target.approvers, all, request.requester.id, facts);
  if (count.met) {
    const fault = stillStands(policy, request, { by: 'votes' }, all, facts, now);
    if (fault !== undefined) return refuse(fault);
  }
  const standing = count.votes.find((each) => each.person === vote.person)?.standing;
  const line = standing?.counts === true ? { line: standing.line } : {};
  return step(access, { kind: 'vote', vote, decided: count.met, policy: policy.hash, ...line }, now);
}

async function recordRefusal(deps: Deps, { access, voter, answer }: Ballot, refusal: Refusal): Promise<void> {
  await deps.ledger.append([
    {
      at: isoTime(deps.clock.now()),
      action: 'vote.refused',
      access,
      actor: { kind: 'person', ...voter },
      details: { code: refusal.code, answer, ...('because' in refusal ? { because: refusal.because } : {}) },
    },
  ]);
}
