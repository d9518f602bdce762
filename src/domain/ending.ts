/**
 * How an access ends: `endBy` begins to take away, `conclude` notes what was read back to be gone, and only with the
 * last of it is anybody told that it is over.
 */
import {
  type Access,
  type Active,
  type Approved,
  type Cause,
  decided,
  endOf,
  type Provisioning,
  type Revoking,
} from './access.ts';
import { type Actor, bot, type Draft } from './audit.ts';
import type { Tell } from './tell.ts';

type Ended = { readonly next: Access; readonly entries: readonly Draft[] };

export function endBy(
  access: Approved | Provisioning | Active,
  cause: Cause,
  by: Actor,
  tell: Tell,
  now: number,
): Ended {
  const endsAt = endOf(access);
  const next: Revoking = {
    ...decided(access),
    state: 'revoking',
    ...(access.state === 'active' ? { startedAt: access.startedAt } : {}),
    ...(endsAt === undefined ? {} : { endsAt }),
    since: now,
    cause,
    left: { grant: true, sandbox: true },
    alarmed: false,
  };
  return {
    next,
    entries: [
      tell('access.ending', by, { cause: cause.kind, ...('why' in cause ? { why: cause.why } : {}) }),
    ],
  };
}

export function conclude(
  access: Revoking,
  left: Revoking['left'],
  entry: Draft,
  tell: Tell,
  now: number,
): Ended {
  if (left.grant || left.sandbox) return { next: { ...access, left }, entries: [entry] };
  const cleared = access.alarmed ? [tell('alarm.cleared', bot, { what: 'everything was taken away' })] : [];
  const { startedAt, endsAt, cause } = access;
  if (cause.kind === 'failed') {
    return {
      next: { ...decided(access), state: 'failed', endedAt: now, why: cause.why },
      entries: [entry, ...cleared, tell('access.failed', bot, { why: cause.why })],
    };
  }
  return {
    next: {
      ...decided(access),
      state: 'revoked',
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(endsAt === undefined ? {} : { endsAt }),
      endedAt: now,
      cause,
    },
    entries: [entry, ...cleared, tell('access.revoked', bot, { cause: cause.kind })],
  };
}
