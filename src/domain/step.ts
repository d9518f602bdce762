/**
 * The state machine. `step` takes an access and a command and returns the next access with the entries that tell of
 * it, or a refusal; it does nothing else. Whether somebody may give a command is judged before, in the flow.
 *
 *   command        from                                to
 *   vote           waiting, before lapsesAt            waiting | approved | rejected
 *   withdraw       waiting                             withdrawn
 *   lapse          waiting, at or after lapsesAt       lapsed
 *   begin          approved                            provisioning (sandbox)
 *   sandbox-open   provisioning (sandbox)              provisioning (grant), the end is fixed
 *   sandbox-anew   active                              active, with an entry
 *   activate       provisioning (grant), before end    active
 *   warn           active, not warned                  active (warned)
 *   extend         active, before its end              active, later end
 *   end            provisioning (grant), active; due   revoking (end)
 *   done           approved, provisioning, active      revoking (done)
 *   revoke         waiting                             rejected
 *                  approved, provisioning, active      revoking (revoked)
 *   give-up        approved, provisioning, active      revoking (failed)
 *   missed         revoking                            revoking (alarmed)
 *   grant-gone     revoking                            revoking | revoked | failed
 *   sandbox-gone   revoking                            revoking | revoked | failed
 *
 * Everything else is refused as `wrong-state`.
 */
import { type Access, type Approved, decided, endOf, isOpen, type State, type Waiting } from './access.ts';
import { type Actor, bot, type Draft } from './audit.ts';
import type { Command } from './command.ts';
import { isoTime, wholeSecond } from './duration.ts';
import { conclude, endBy } from './ending.ts';
import type { Basis } from './judge.ts';
import type { Refusal, Refused } from './refusal.ts';
import type { Request } from './request.ts';
import { requesterOf, type Tell, teller, withWhy } from './tell.ts';

/** How long an approved access is tried to be opened before it is given up and undone. */
export const patienceMs = 10 * 60_000;

export type Stepped = { readonly next: Access; readonly entries: readonly Draft[] };

/** Begins an access: waiting for approvers, or approved at once by a rule. */
export function open(
  request: Request,
  decision: { readonly lapsesAt: number } | { readonly basis: Basis },
  now: number,
): Stepped {
  const tell = teller(request, now);
  const requested = tell('access.requested', requesterOf(request), {
    reason: request.reason,
    ...(request.ticket === undefined ? {} : { ticket: request.ticket }),
    duration_ms: request.durationMs,
    policy: request.policy,
    terms: request.terms,
    ...('lapsesAt' in decision ? { lapses_at: isoTime(decision.lapsesAt) } : {}),
  });
  if ('lapsesAt' in decision) {
    return {
      next: { state: 'waiting', request, votes: [], lapsesAt: decision.lapsesAt },
      entries: [requested],
    };
  }
  const { next, entry } = approve({ request, votes: [] }, decision.basis, request.policy, tell, now);
  return { next, entries: [requested, entry] };
}

export function step(access: Access, command: Command, now: number): Stepped | Refused {
  const tell = teller(access.request, now);
  switch (command.kind) {
    case 'vote':
      if (access.state !== 'waiting') return wrong(access, 'waiting');
      // The timer may be late; what is due has lapsed all the same.
      if (now >= access.lapsesAt)
        return { refused: { code: 'wrong-state', state: 'lapsed', wanted: 'waiting' } };
      return vote(access, command, tell, now);
    case 'withdraw':
      if (access.state !== 'waiting') return wrong(access, 'waiting');
      return {
        next: { ...common(access), state: 'withdrawn', at: now },
        entries: [tell('access.withdrawn', requesterOf(access.request))],
      };
    case 'lapse':
      if (access.state !== 'waiting' || now < access.lapsesAt) return wrong(access, 'waiting');
      return { next: { ...common(access), state: 'lapsed', at: now }, entries: [tell('access.lapsed', bot)] };
    case 'begin': {
      if (access.state !== 'approved') return wrong(access, 'approved');
      const { giveUpAt } = access;
      return {
        next: { ...decided(access), state: 'provisioning', giveUpAt, stage: { at: 'sandbox' } },
        entries: [],
      };
    }
    case 'sandbox-open': {
      if (access.state !== 'provisioning' || access.stage.at !== 'sandbox')
        return wrong(access, 'provisioning');
      const endsAt = wholeSecond(now + access.request.durationMs);
      const opened = tell('sandbox.opened', bot, {
        driver: command.driver,
        limits_held_by: command.limitsHeldBy,
        checks: command.checks,
        ends_at: isoTime(endsAt),
      });
      return { next: { ...access, stage: { at: 'grant', endsAt } }, entries: [opened] };
    }
    case 'sandbox-anew':
      if (access.state !== 'active') return wrong(access, 'active');
      return {
        next: access,
        entries: [tell('sweep.repaired', bot, { what: 'sandbox', driver: command.driver })],
      };
    case 'activate': {
      if (access.state !== 'provisioning' || access.stage.at !== 'grant' || now >= access.stage.endsAt) {
        return wrong(access, 'provisioning');
      }
      const { endsAt } = access.stage;
      const ends = { ends_at: isoTime(endsAt) };
      return {
        next: { ...decided(access), state: 'active', startedAt: now, endsAt, warned: false },
        entries: [
          tell('grant.issued', bot, { role: command.role, ...ends }),
          tell('access.active', bot, ends),
        ],
      };
    }
    case 'warn':
      if (access.state !== 'active' || access.warned) return wrong(access, 'active');
      return {
        next: { ...access, warned: true },
        entries: [tell('access.warned', bot, { ends_at: isoTime(access.endsAt) })],
      };
    case 'extend': {
      if (access.state !== 'active' || now >= access.endsAt) return wrong(access, 'active');
      const endsAt = access.endsAt + wholeSecond(command.byMs);
      const details = {
        by_ms: command.byMs,
        ends_at: isoTime(endsAt),
        policy: command.policy,
        rule: command.rule,
      };
      return {
        next: { ...access, endsAt, warned: false },
        entries: [tell('access.extended', command.by, withWhy(details, command.why))],
      };
    }
    case 'end': {
      const due = endOf(access);
      if ((access.state !== 'active' && access.state !== 'provisioning') || due === undefined || now < due)
        return wrong(access, 'active');
      return endBy(access, { kind: 'end' }, bot, tell, now);
    }
    case 'done':
      if (!isOpen(access)) return wrong(access, 'active');
      return endBy(access, { kind: 'done' }, requesterOf(access.request), tell, now);
    case 'revoke': {
      const why = command.why === undefined ? {} : { why: command.why };
      if (access.state === 'waiting') {
        return {
          next: { ...common(access), state: 'rejected', at: now, by: command.by, ...why },
          entries: [tell('access.rejected', command.by, why)],
        };
      }
      if (!isOpen(access)) return wrong(access, 'active');
      return endBy(access, { kind: 'revoked', by: command.by, ...why }, command.by, tell, now);
    }
    case 'give-up':
      if (!isOpen(access)) return wrong(access, 'provisioning');
      return endBy(access, { kind: 'failed', why: command.why }, bot, tell, now);
    case 'missed': {
      if (access.state !== 'revoking') return wrong(access, 'revoking');
      const failed = tell(command.what === 'grant' ? 'grant.failed' : 'sandbox.failed', bot, {
        doing: 'revoke',
        why: command.why,
      });
      if (access.alarmed) return { next: access, entries: [failed] };
      const alarm = tell('alarm.raised', bot, {
        what: `the ${command.what} could not be taken away`,
        why: command.why,
      });
      return { next: { ...access, alarmed: true }, entries: [failed, alarm] };
    }
    case 'grant-gone':
      if (access.state !== 'revoking' || !access.left.grant) return wrong(access, 'revoking');
      return conclude(access, { ...access.left, grant: false }, tell('grant.revoked', bot), tell, now);
    case 'sandbox-gone':
      if (access.state !== 'revoking' || !access.left.sandbox) return wrong(access, 'revoking');
      return conclude(access, { ...access.left, sandbox: false }, tell('sandbox.closed', bot), tell, now);
    default:
      return command satisfies never;
  }
}

function vote(
  access: Waiting,
  command: Extract<Command, { kind: 'vote' }>,
  tell: Tell,
  now: number,
): Stepped {
  const { vote: cast, policy } = command;
  const voter: Actor = { kind: 'person', id: cast.person, name: cast.name };
  const votes = [...access.votes.filter((earlier) => earlier.person !== cast.person), cast];
  const details = withWhy(
    { policy, ...(command.line === undefined ? {} : { line: command.line + 1 }) },
    cast.reason,
  );
  if (cast.answer === 'deny') {
    const why = cast.reason === undefined ? {} : { why: cast.reason };
    return {
      next: { request: access.request, votes, state: 'rejected', at: now, by: voter, ...why },
      entries: [tell('vote.denied', voter, details), tell('access.rejected', voter, { policy, ...why })],
    };
  }
  const voted = tell('vote.approved', voter, details);
  if (!command.decided) return { next: { ...access, votes }, entries: [voted] };
  const { next, entry } = approve({ request: access.request, votes }, { by: 'votes' }, policy, tell, now);
  return { next, entries: [voted, entry] };
}

function approve(
  { request, votes }: Pick<Approved, 'request' | 'votes'>,
  basis: Basis,
  policy: string,
  tell: Tell,
  now: number,
): { next: Approved; entry: Draft } {
  const by = basis.by === 'rule' ? { rule: basis.rule } : { by: votes.map((each) => each.person) };
  return {
    next: { state: 'approved', request, votes, basis, approvedAt: now, giveUpAt: now + patienceMs },
    entry: tell('access.approved', bot, { policy, ...by }),
  };
}

function common({ request, votes }: Access): Pick<Access, 'request' | 'votes'> {
  return { request, votes };
}

function wrong(access: Access, wanted: State): Refused {
  const refused: Refusal = { code: 'wrong-state', state: access.state, wanted };
  return { refused };
}
