/** Who may see an access on the web, and as what. Whoever may not is told that there is no such access. */
import type { Access } from '../domain/access.ts';
import { type Facts, ineligibility, isMember, type Person } from '../domain/people.ts';
import { groupsOf, type Target, targetOf } from '../domain/policy.ts';
import type { Refusal } from '../domain/refusal.ts';
import type { Flow } from './deps.ts';

/** `requester`: their own. `reviewer`: may watch and replay. `approver`: that, and may take it away. */
export type Sight = 'requester' | 'approver' | 'reviewer';

type Deps = Pick<Flow, 'directory' | 'policy'>;

/** Judged by today's policy and directory, as a vote is. */
export async function sightOf(
  deps: Deps,
  { request }: Pick<Access, 'request'>,
  person: Person,
): Promise<Sight | Refusal> {
  const policy = deps.policy.current();
  const facts = await deps.directory.facts(policy, groupsOf(policy, request.target), [person.id]);
  const bar = barOf(facts, person);
  if (bar !== undefined) return bar;
  if (request.requester.id === person.id) return 'requester';
  const sight = reviews(facts, targetOf(policy, request.target), person);
  if (sight !== undefined) return sight;
  return facts.missing.length > 0
    ? { code: 'directory-unavailable', missing: facts.missing }
    : { code: 'no-such-access', text: request.id };
}

export function isSight(sight: Sight | Refusal): sight is Sight {
  return typeof sight === 'string';
}

/**
 * Why this account may see nothing here, whatever there is; undefined where it may see something. Asked before an access
 * is looked up, so that the answer does not tell whether there is one.
 */
export async function barFromViewing(
  { directory, policy }: Deps,
  person: Person,
): Promise<Refusal | undefined> {
  return barOf(await directory.facts(policy.current(), [], [person.id]), person);
}

/** The targets whose accesses the person may look at although they are somebody else's. */
export async function reviewedTargets(deps: Deps, person: Person): Promise<ReadonlySet<string>> {
  const policy = deps.policy.current();
  const names = Object.keys(policy.targets);
  const groups = new Set(names.flatMap((name) => groupsOf(policy, name)));
  const facts = await deps.directory.facts(policy, [...groups], [person.id]);
  if (barOf(facts, person) !== undefined) return new Set();
  return new Set(names.filter((name) => reviews(facts, targetOf(policy, name), person) !== undefined));
}

function barOf(facts: Facts, { id }: Person): Refusal | undefined {
  const bar = ineligibility(facts.accounts[id], facts.team);
  if (bar === 'unknown') return { code: 'directory-unavailable', missing: facts.missing };
  return bar === undefined ? undefined : { code: 'ineligible', why: bar };
}

function reviews(
  facts: Facts,
  target: Target | undefined,
  { id }: Person,
): 'approver' | 'reviewer' | undefined {
  if (target?.approvers.some(({ from }) => isMember(facts, from, id)) === true) return 'approver';
  return isMember(facts, target?.reviewers ?? [], id) ? 'reviewer' : undefined;
}
