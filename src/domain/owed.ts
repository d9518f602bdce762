/**
 * What the world owes an access: derived from its state, never remembered. The dispatcher starts each effect under an
 * id made of access, effect and version; the sweep derives the same list again, so nothing is lost with a queue.
 */
import type { Access } from './access.ts';

export const effects = ['provision', 'revoke', 'warn', 'lapse', 'notify'] as const;
export type Effect = (typeof effects)[number];

export type Owed = {
  readonly effect: Effect /** Epoch milliseconds from which on it is due. */;
  readonly at: number;
};

/** A reminder comes this long before the end, or in the last fifth of a short access. */
const warnBeforeMs = 5 * 60_000;

export function owed(access: Access): readonly Owed[] {
  const notify: Owed = { effect: 'notify', at: 0 };
  switch (access.state) {
    case 'waiting':
      return [notify, { effect: 'lapse', at: access.lapsesAt }];
    case 'approved':
      return [notify, { effect: 'provision', at: 0 }];
    case 'provisioning':
      return access.stage.at === 'sandbox'
        ? [notify, { effect: 'provision', at: 0 }]
        : [notify, { effect: 'provision', at: 0 }, { effect: 'revoke', at: access.stage.endsAt }];
    case 'active': {
      const end: Owed = { effect: 'revoke', at: access.endsAt };
      return access.warned
        ? [notify, end]
        : [notify, end, { effect: 'warn', at: warnAt(access.startedAt, access.endsAt) }];
    }
    case 'revoking':
      return [notify, { effect: 'revoke', at: 0 }];
    case 'rejected':
    case 'withdrawn':
    case 'lapsed':
    case 'revoked':
    case 'failed':
      return [notify];
  }
}

export function warnAt(startedAt: number, endsAt: number): number {
  return endsAt - Math.min(warnBeforeMs, Math.round((endsAt - startedAt) / 5));
}
