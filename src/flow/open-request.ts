/** Someone asks for access. Refusals are on the record like everything else. */
import { isoTime } from '../domain/duration.ts';
import { type Judged, judge, requestersOf } from '../domain/judge.ts';
import type { Person } from '../domain/people.ts';
import { groupsOf, type Policy, targetOf } from '../domain/policy.ts';
import type { Refused } from '../domain/refusal.ts';
import { type Ask, cleanText, type Request } from '../domain/request.ts';
import { open } from '../domain/step.ts';
import { LedgerFault, type Stored } from '../ports/ledger.ts';
import type { Flow } from './deps.ts';
import { dispatch } from './dispatch.ts';

type Deps = Pick<Flow, 'ledger' | 'timers' | 'directory' | 'policy' | 'clock' | 'newId' | 'log'>;

export type AskedBy = { readonly requester: Person; readonly ask: Ask };

/** What the policy says to an ask, with nothing done about it: for a modal's errors and `policy explain`. */
export async function tryAsk(
  deps: Pick<Deps, 'directory' | 'policy' | 'clock'>,
  asked: AskedBy,
): Promise<{ policy: Policy; team: string; judged: Judged }> {
  const policy = deps.policy.current();
  const groups = [...new Set([...groupsOf(policy, asked.ask.target), ...requestersOf(policy)])];
  const facts = await deps.directory.facts(policy, groups, [asked.requester.id]);
  return { policy, team: facts.team, judged: judge(policy, asked, facts, deps.clock.now()) };
}

export async function openRequest(deps: Deps, asked: AskedBy): Promise<Stored | Refused> {
  const { policy, team, judged } = await tryAsk(deps, asked);
  const { requester, ask } = asked;
  const now = deps.clock.now();
  const id = deps.newId();
  if (judged.outcome === 'refused') {
    const known = targetOf(policy, ask.target) !== undefined;
    await deps.ledger.append([
      {
        at: isoTime(now),
        action: 'access.refused',
        access: id,
        actor: { kind: 'person', ...requester },
        ...(known ? { target: ask.target } : {}),
        details: {
          code: judged.refusal.code,
          policy: policy.hash,
          asked: cleanText(ask.target, 60),
          findings: judged.findings.map(({ rule, held, says }) => ({
            rule: cleanText(rule, 120),
            held,
            says,
          })),
        },
      },
    ]);
    return { refused: judged.refusal, ...(judged.also === undefined ? {} : { also: judged.also }) };
  }
  const request: Request = {
    id,
    requester,
    team,
    target: ask.target,
    reason: judged.reason,
    ...(judged.ticket === undefined ? {} : { ticket: judged.ticket }),
    durationMs: judged.durationMs,
    askedAt: now,
    policy: policy.hash,
    terms: judged.terms,
  };
  const decision =
    judged.outcome === 'approved' ? { basis: judged.basis } : { lapsesAt: now + judged.target.expires };
  const { next, entries } = open(request, decision, now);
  const stored = await deps.ledger.commit({ next }, entries);
  if (stored === 'conflict') throw new LedgerFault('corrupt', `the fresh id ${id} is taken`);
  void dispatch(deps, stored);
  return stored;
}
