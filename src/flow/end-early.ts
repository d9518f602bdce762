/** The requester is done, or no longer wants it; or an approver or operator takes it away. */
import { barFromVoting } from '../domain/approval.ts';
import type { Actor } from '../domain/audit.ts';
import { isoTime } from '../domain/duration.ts';
import type { AccessId } from '../domain/ids.ts';
import type { Person } from '../domain/people.ts';
import { groupsOf, targetOf } from '../domain/policy.ts';
import { isRefused, type Refusal, type Refused } from '../domain/refusal.ts';
import { cleanText, reasonMax } from '../domain/request.ts';
import { step } from '../domain/step.ts';
import type { Stored } from '../ports/ledger.ts';
import { advance } from './advance.ts';
import type { Flow } from './deps.ts';

type Deps = Pick<Flow, 'ledger' | 'timers' | 'directory' | 'policy' | 'clock' | 'log'>;

/** Withdraws a waiting request, ends an access that was decided. Only the requester may. */
export async function done(
  deps: Deps,
  { access: id, person }: { readonly access: AccessId; readonly person: Person },
): Promise<Stored | Refused> {
  const outcome = await advance(deps, id, ({ access }) => {
    if (access.request.requester.id !== person.id) return { refused: { code: 'not-yours' } };
    return step(access, { kind: access.state === 'waiting' ? 'withdraw' : 'done' }, deps.clock.now());
  });
  return recorded(deps, id, { kind: 'person', ...person }, 'done', outcome);
}

export type Revocation = {
  readonly access: AccessId;
  readonly why?: string;
  /** A person from Slack must be an approver of the target today; an operator's command line is trusted as the host is. */
  readonly by: { readonly person: Person } | { readonly operator: Actor };
};

export async function revoke(deps: Deps, { access: id, why, by }: Revocation): Promise<Stored | Refused> {
  const actor: Actor = 'person' in by ? { kind: 'person', ...by.person } : by.operator;
  const reason = cleanText(why ?? '', reasonMax);
  const outcome = await advance(deps, id, async ({ access }) => {
    if ('person' in by) {
      const refusal = await barFromAccess(deps, access.request, by.person);
      if (refusal !== undefined) return { refused: refusal };
    }
    return step(
      access,
      { kind: 'revoke', by: actor, ...(reason === '' ? {} : { why: reason }) },
      deps.clock.now(),
    );
  });
  return recorded(deps, id, actor, 'revoke', outcome);
}

/** Why a person has no say in somebody's access, or undefined for its requester and for today's approvers. */
export async function barFromAccess(
  deps: Pick<Deps, 'directory' | 'policy'>,
  request: { target: string; requester: Person },
  person: Person,
): Promise<Refusal | undefined> {
  const policy = deps.policy.current();
  const lines = targetOf(policy, request.target)?.approvers ?? [];
  const facts = await deps.directory.facts(policy, groupsOf(policy, request.target), [person.id]);
  const bar = barFromVoting(lines, person.id, request.requester.id, facts);
  if (bar === undefined || bar === 'own-request') return undefined;
  if (bar === 'unknown' || (bar === 'not-an-approver' && facts.missing.length > 0))
    return { code: 'directory-unavailable', missing: facts.missing };
  return bar === 'not-an-approver' ? { code: bar } : { code: 'ineligible', why: bar };
}

async function recorded(
  deps: Deps,
  access: AccessId,
  actor: Actor,
  doing: string,
  outcome: Stored | Refused,
): Promise<Stored | Refused> {
  if (isRefused(outcome)) {
    const at = isoTime(deps.clock.now());
    await deps.ledger.append([
      { at, action: 'access.refused', access, actor, details: { doing, code: outcome.refused.code } },
    ]);
  }
  return outcome;
}
