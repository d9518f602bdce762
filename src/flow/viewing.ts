/** Who may see an access on the web, and as what. Whoever may not is told that there is no such access. */
import type { Access } from '../domain/access.ts';
import { ineligibility, isMember, type Person } from '../domain/people.ts';
import { groupsOf, targetOf } from '../domain/policy.ts';
import type { Refusal } from '../domain/refusal.ts';
import type { Flow } from './deps.ts';

/** `requester`: their own. `reviewer`: may watch and replay. `approver`: that, and may take it away. */
export type Sight = 'requester' | 'approver' | 'reviewer';

/** Judged by today's policy and directory, as a vote is. */
export async function sightOf(
  deps: Pick<Flow, 'directory' | 'policy'>,
  { request }: Pick<Access, 'request'>,
  person: Person,
): Promise<Sight | Refusal> {
  const policy = deps.policy.current();
  const target = targetOf(policy, request.target);
  const facts = await deps.directory.facts(policy, groupsOf(policy, request.target), [person.id]);
  const bar = ineligibility(facts.accounts[person.id], facts.team);
  if (bar === 'unknown') return { code: 'directory-unavailable', missing: facts.missing };
  if (bar !== undefined) return { code: 'ineligible', why: bar };
  if (request.requester.id === person.id) return 'requester';
  const approves = target?.approvers.some(({ from }) => isMember(facts, from, person.id)) === true;
  if (approves) return 'approver';
  if (isMember(facts, target?.reviewers ?? [], person.id)) return 'reviewer';
  return facts.missing.length > 0
    ? { code: 'directory-unavailable', missing: facts.missing }
    : { code: 'no-such-access', text: request.id };
}

export function isSight(sight: Sight | Refusal): sight is Sight {
  return typeof sight === 'string';
}
