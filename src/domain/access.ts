/**
 * An access: one request and all that follows from it. One shape per state, holding only what that state has.
 *
 *   waiting ──> approved ──> provisioning ──> active ──> revoking ──> revoked
 *      │            │              │                        │
 *      │            └──────────────┴──────> revoking ───────┴──────> failed
 *      └──> rejected, withdrawn, lapsed
 *
 * `revoking` is the only way out of every state in which something may stand in AWS or on a sandbox host, and it is
 * left only once both were read back to be gone. All instants are epoch milliseconds.
 */
import type { Vote } from './approval.ts';
import type { Actor } from './audit.ts';
import type { Basis } from './judge.ts';
import type { Request } from './request.ts';

type Common = { readonly request: Request; readonly votes: readonly Vote[] };

type Decided = Common & { readonly basis: Basis; readonly approvedAt: number };

export type Waiting = Common & { readonly state: 'waiting'; readonly lapsesAt: number };
export type Rejected = Common & {
  readonly state: 'rejected';
  readonly at: number;
  readonly by: Actor;
  readonly why?: string;
};
export type Withdrawn = Common & { readonly state: 'withdrawn'; readonly at: number };
export type Lapsed = Common & { readonly state: 'lapsed'; readonly at: number };

/** Decided, nothing done yet. Given up at `giveUpAt` if it cannot be provisioned until then. */
export type Approved = Decided & { readonly state: 'approved'; readonly giveUpAt: number };

/** Being opened. The end is fixed between the sandbox and the grant, and never moves by itself afterwards. */
export type Provisioning = Decided & {
  readonly state: 'provisioning';
  readonly giveUpAt: number;
  readonly stage: { readonly at: 'sandbox' } | { readonly at: 'grant'; readonly endsAt: number };
};

export type Active = Decided & {
  readonly state: 'active';
  readonly startedAt: number;
  readonly endsAt: number;
  readonly warned: boolean;
};

/** Why an access ended. `failed` ends in the state of that name: it could not be opened, or not be kept. */
export type Cause =
  | { readonly kind: 'end' }
  | { readonly kind: 'done' }
  | { readonly kind: 'revoked'; readonly by: Actor; readonly why?: string }
  | { readonly kind: 'failed'; readonly why: string };

export type Revoking = Decided & {
  readonly state: 'revoking';
  readonly startedAt?: number;
  readonly endsAt?: number;
  readonly since: number;
  readonly cause: Cause;
  /** What has not yet been read back to be gone. */
  readonly left: { readonly grant: boolean; readonly sandbox: boolean };
  /** An alarm stands because taking away did not succeed at the first try. */
  readonly alarmed: boolean;
};

export type Revoked = Decided & {
  readonly state: 'revoked';
  readonly startedAt?: number;
  readonly endsAt?: number;
  readonly endedAt: number;
  readonly cause: Cause;
};

export type Failed = Decided & { readonly state: 'failed'; readonly endedAt: number; readonly why: string };

export type Access =
  | Waiting
  | Rejected
  | Withdrawn
  | Lapsed
  | Approved
  | Provisioning
  | Active
  | Revoking
  | Revoked
  | Failed;
export type State = Access['state'];

export const states = [
  'waiting',
  'rejected',
  'withdrawn',
  'lapsed',
  'approved',
  'provisioning',
  'active',
  'revoking',
  'revoked',
  'failed',
] as const satisfies readonly State[];

const finished: ReadonlySet<State> = new Set<State>(['rejected', 'withdrawn', 'lapsed', 'revoked', 'failed']);

/** Nothing is owed to the world any more. */
export function isFinished(access: Access): access is Rejected | Withdrawn | Lapsed | Revoked | Failed {
  return finished.has(access.state);
}

/** Decided, and not yet ending: something stands in the world or is being made to. */
export function isOpen(access: Access): access is Approved | Provisioning | Active {
  return access.state === 'approved' || access.state === 'provisioning' || access.state === 'active';
}

/** The bot is at work on it, and it becomes another one by itself, usually within seconds. */
export function isPassing(access: Access): access is Approved | Provisioning | Revoking {
  return access.state === 'approved' || access.state === 'provisioning' || access.state === 'revoking';
}

/** What every access carries along from its decision on. */
export function decided(
  access: Approved | Provisioning | Active | Revoking,
): Pick<Approved, 'request' | 'votes' | 'basis' | 'approvedAt'> {
  return { request: access.request, votes: access.votes, basis: access.basis, approvedAt: access.approvedAt };
}

/** The fixed end, where there is one. */
export function endOf(access: Access): number | undefined {
  switch (access.state) {
    case 'provisioning':
      return access.stage.at === 'grant' ? access.stage.endsAt : undefined;
    case 'active':
    case 'revoking':
    case 'revoked':
      return access.endsAt;
    case 'waiting':
    case 'rejected':
    case 'withdrawn':
    case 'lapsed':
    case 'approved':
    case 'failed':
      return undefined;
  }
}
