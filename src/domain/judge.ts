/**
 * What the policy says of a request, and why. The verdict carries the whole reasoning: the card, `policy explain` and
 * the trail show the same tree. A condition that cannot be evaluated never helps the requester: a deny rule that
 * cannot be evaluated denies, an approve rule that cannot be evaluated does not approve.
 */
import { tally, type Vote } from './approval.ts';
import { formatDuration } from './duration.ts';
import { within } from './hours.ts';
import { type Facts, ineligibility, isMember, type Person } from './people.ts';
import {
  type ApproveRule,
  type ApproverLine,
  type DenyRule,
  type Policy,
  type Target,
  targetOf,
  termsOf,
} from './policy.ts';
import type { Refusal } from './refusal.ts';
import { type Ask, checkAsk, type Request } from './request.ts';

/** One thing that was looked at. `held: true` means that it spoke for its effect (a deny rule that denies holds). */
export type Finding = { readonly rule: string; readonly held: boolean; readonly says: string };

export type Basis = { readonly by: 'rule'; readonly rule: string } | { readonly by: 'votes' };

export type Verdict =
  | {
      readonly outcome: 'refused';
      readonly refusal: Refusal;
      readonly also?: readonly Refusal[];
      readonly findings: readonly Finding[];
    }
  | { readonly outcome: 'approved'; readonly basis: Basis; readonly findings: readonly Finding[] }
  | {
      readonly outcome: 'waits';
      readonly lines: readonly ApproverLine[];
      readonly findings: readonly Finding[];
    };

export type Asked = {
  readonly requester: Person;
  readonly ask: Ask;
};

export type Judged =
  | Extract<Verdict, { outcome: 'refused' }>
  | (Exclude<Verdict, { outcome: 'refused' }> &
      Pick<Request, 'durationMs' | 'reason' | 'ticket' | 'terms'> & { readonly target: Target });

/** Every group whose members may ask for something. */
export function requestersOf(policy: Policy): readonly string[] {
  return [...new Set(Object.values(policy.targets).flatMap(({ requesters }) => requesters))];
}

/** Targets that `person` may ask for. */
export function offeredTo(policy: Policy, person: string, facts: Facts): readonly string[] {
  return Object.entries(policy.targets)
    .filter(([, target]) => isMember(facts, target.requesters, person))
    .map(([name]) => name);
}

/** Judges an ask at the moment it is made. `now` is epoch milliseconds. */
export function judge(policy: Policy, { requester, ask }: Asked, facts: Facts, now: number): Judged {
  const findings: Finding[] = [];
  const refused = (refusal: Refusal): Judged => ({ outcome: 'refused', refusal, findings });

  const bar = ineligibility(facts.accounts[requester.id], facts.team);
  findings.push({
    rule: 'account',
    held: bar === undefined,
    says: bar === undefined ? 'a full member of this workspace' : bar,
  });
  if (bar !== undefined) {
    return refused(
      bar === 'unknown'
        ? { code: 'directory-unavailable', missing: facts.missing }
        : { code: 'ineligible', why: bar },
    );
  }

  const target = targetOf(policy, ask.target);
  const member = target !== undefined && isMember(facts, target.requesters, requester.id);
  if (target === undefined || !member) {
    // Of no one target in particular: while groups are unknown, an unknown target must not read differently.
    const unknown = requestersOf(policy).filter((group) => facts.missing.includes(group));
    findings.push({
      rule: `targets.${ask.target}.requesters`,
      held: false,
      says: 'no such target for this person',
    });
    if (unknown.length > 0) return refused({ code: 'directory-unavailable', missing: unknown });
    return refused({
      code: 'no-such-target',
      target: ask.target,
      offered: offeredTo(policy, requester.id, facts),
    });
  }
  findings.push({
    rule: `targets.${ask.target}.requesters`,
    held: true,
    says: `member of ${target.requesters.join(' or ')}`,
  });

  const checked = checkAsk(ask, {
    maxMs: target.duration.max,
    defaultMs: target.duration.default,
    reasonMin: target.reason.min,
    ...(target.reason.ticket === undefined ? {} : { ticket: target.reason.ticket }),
  });
  if ('refused' in checked) {
    const { refused: refusal, ...rest } = checked;
    return { outcome: 'refused', refusal, ...rest, findings };
  }

  const verdict = weigh(
    policy,
    { target: ask.target, requester: requester.id, durationMs: checked.durationMs },
    facts,
    now,
  );
  const all = [...findings, ...verdict.findings];
  return verdict.outcome === 'refused'
    ? { ...verdict, findings: all }
    : { ...verdict, ...checked, terms: termsOf(target), target, findings: all };
}

export type Weighed = { readonly target: string; readonly requester: string; readonly durationMs: number };

/** Denies first, then approve rules, then the lines of approvers. */
export function weigh(
  policy: Policy,
  { target: name, requester, durationMs }: Weighed,
  facts: Facts,
  now: number,
): Verdict {
  const findings: Finding[] = [];
  const target = targetOf(policy, name);
  if (target === undefined)
    return { outcome: 'refused', refusal: { code: 'no-such-target', target: name, offered: [] }, findings };

  for (const [index, { deny }] of policy.rules.entries()) {
    if (deny === undefined || !covers(deny, name)) continue;
    const finding = denies(deny, `rules[${index}].deny`, requester, facts, now);
    findings.push(finding);
    if (!finding.held) continue;
    const missing = unknownOf(deny, requester, facts);
    const refusal: Refusal =
      missing.length > 0
        ? { code: 'directory-unavailable', missing }
        : { code: 'denied-by-rule', because: deny.because };
    return { outcome: 'refused', refusal, findings };
  }
  for (const [index, { approve }] of policy.rules.entries()) {
    if (approve === undefined || !covers(approve, name)) continue;
    const rule = `rules[${index}].approve`;
    const finding = approves(approve, rule, requester, durationMs, facts, now);
    findings.push(finding);
    if (finding.held)
      return { outcome: 'approved', basis: { by: 'rule', rule: `${rule}: ${approve.because}` }, findings };
  }
  return { outcome: 'waits', lines: target.approvers, findings };
}

/**
 * Whether an access that was decided earlier still stands by today's policy and facts: asked again when the last vote
 * falls and when the grant is written.
 */
export function stillStands(
  policy: Policy,
  request: Request,
  basis: Basis,
  votes: readonly Vote[],
  facts: Facts,
  now: number,
): Refusal | undefined {
  const bar = ineligibility(facts.accounts[request.requester.id], facts.team);
  if (bar === 'unknown') return { code: 'directory-unavailable', missing: facts.missing };
  if (bar !== undefined) return { code: 'ineligible', why: bar };
  const target = targetOf(policy, request.target);
  if (target === undefined) return { code: 'no-such-target', target: request.target, offered: [] };
  if (!isMember(facts, target.requesters, request.requester.id)) {
    const unknown = target.requesters.filter((group) => facts.missing.includes(group));
    if (unknown.length > 0) return { code: 'directory-unavailable', missing: unknown };
    return { code: 'no-such-target', target: request.target, offered: [] };
  }
  if (termsOf(target) !== request.terms) return { code: 'terms-changed' };
  if (request.durationMs > target.duration.max) {
    return { code: 'duration-too-long', askedMs: request.durationMs, maxMs: target.duration.max };
  }
  const verdict = weigh(
    policy,
    { target: request.target, requester: request.requester.id, durationMs: request.durationMs },
    facts,
    now,
  );
  if (verdict.outcome === 'refused') return verdict.refusal;
  if (basis.by === 'rule') {
    return verdict.outcome === 'approved'
      ? undefined
      : missingOr(facts, { code: 'unproven', why: 'the rule that approved it no longer does' });
  }
  if (votes.some((vote) => vote.answer === 'deny'))
    return { code: 'unproven', why: 'someone entitled denied it' };
  if (tally(target.approvers, votes, request.requester.id, facts).met) return undefined;
  return missingOr(facts, { code: 'unproven', why: 'those who approved it are no longer entitled to' });
}

function missingOr(facts: Facts, refusal: Refusal): Refusal {
  return facts.missing.length > 0 ? { code: 'directory-unavailable', missing: facts.missing } : refusal;
}

function covers(rule: { readonly targets: readonly string[] }, name: string): boolean {
  return rule.targets.some((each) => each === '*' || each === name);
}

function denies(rule: DenyRule, name: string, requester: string, facts: Facts, now: number): Finding {
  const groups = rule.requesters;
  const unknown = unknownOf(rule, requester, facts);
  const concerned = groups === undefined || unknown.length > 0 || isMember(facts, groups, requester);
  if (!concerned) return { rule: name, held: false, says: 'does not concern this person' };
  const hours = rule.when?.hours;
  if (hours !== undefined && !holds(() => within(hours, now), true))
    return { rule: name, held: false, says: `not within ${hours.text}` };
  return {
    rule: name,
    held: true,
    says: unknown.length > 0 ? `cannot tell whether it concerns this person: ${rule.because}` : rule.because,
  };
}

/** The groups that leave open whether this rule concerns this person; none where it is known. */
function unknownOf({ requesters }: DenyRule, requester: string, facts: Facts): readonly string[] {
  if (requesters === undefined || isMember(facts, requesters, requester)) return [];
  return requesters.filter((group) => facts.missing.includes(group));
}

function approves(
  rule: ApproveRule,
  name: string,
  requester: string,
  durationMs: number,
  facts: Facts,
  now: number,
): Finding {
  if (!isMember(facts, rule.requesters, requester))
    return { rule: name, held: false, says: 'does not concern this person' };
  const { hours, max } = rule.when ?? {};
  if (max !== undefined && durationMs > max) {
    return {
      rule: name,
      held: false,
      says: `asked for ${formatDuration(durationMs)}, approves at most ${formatDuration(max)}`,
    };
  }
  if (hours !== undefined && !holds(() => within(hours, now), false))
    return { rule: name, held: false, says: `not within ${hours.text}` };
  return { rule: name, held: true, says: rule.because };
}

/** A condition that throws counts as `otherwise`. */
function holds(condition: () => boolean, otherwise: boolean): boolean {
  try {
    return condition();
  } catch {
    return otherwise;
  }
}
