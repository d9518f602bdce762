/**
 * Temporary rights in AWS, one grant per access.
 *
 * What every keeper of this port promises:
 * - `issue` is idempotent by access id and adopts what an earlier, interrupted call left behind. The dated end is in
 *   force before anything is allowed. It returns only after freshly vended credentials were seen to work.
 * - `revoke` is idempotent, needs nothing but the access id, and returns only after it was proved that the grant's
 *   credentials are refused and read back that nothing of it is left. Revoking what does not exist is a success.
 * - Only grants of this install are listed or touched.
 * - A keeper throws `GrantFault` and nothing else. Waiting out eventual consistency and throttling is the keeper's
 *   work; it gives up with `retryable: true` once `signal` aborts or its patience ends.
 */
import type { AccessId } from '../domain/ids.ts';

/** What a target's policy grants in AWS. ARNs and documents are as IAM takes them. */
export type AwsGrantPart = {
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  /** ARN of the permissions boundary. */
  readonly boundary: string;
  /** ARNs of managed policies. */
  readonly managed: readonly string[];
  /** An inline policy document. */
  readonly policy?: Readonly<Record<string, unknown>>;
};

export type GrantSpec = {
  readonly access: AccessId;
  /** Slack user id of the only person who may wear the grant: its source identity. */
  readonly requester: string;
  readonly target: string;
  readonly aws: AwsGrantPart;
  /** Epoch milliseconds, a whole second: from then on IAM denies everything. */
  readonly endsAt: number;
};

export type Grant = {
  readonly access: AccessId;
  readonly arn: string;
  readonly requester: string;
  readonly target: string;
  readonly endsAt: number;
};

/** What a session of the grant is made for. */
export type Vending = Pick<GrantSpec, 'access' | 'requester' | 'endsAt'>;

export type Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Epoch milliseconds; never later than the grant's end. */
  readonly expiresAt: number;
};

export type GrantCheck = {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly remedy?: string;
};

export interface Grants {
  issue(spec: GrantSpec, signal?: AbortSignal): Promise<Grant>;
  /** Moves the end, and nothing else. Throws `GrantFault` `gone` where there is no grant. */
  setEnd(access: AccessId, endsAt: number, signal?: AbortSignal): Promise<void>;
  /** A fresh, short session of the standing grant, worn as its requester. Throws `GrantFault` `gone` from its end on. */
  vend(of: Vending, signal?: AbortSignal): Promise<Credentials>;
  revoke(access: AccessId, signal?: AbortSignal): Promise<void>;
  /** The grants of this install that stand, also half-issued and half-revoked ones. */
  list(signal?: AbortSignal): Promise<readonly Grant[]>;
  /** What the bot's own identity can and cannot do for these targets, line by line. Never throws. */
  check(parts: readonly AwsGrantPart[]): Promise<readonly GrantCheck[]>;
}

/** AWS failed to do, or has not yet done, what was asked. */
export class GrantFault extends Error {
  override readonly name = 'GrantFault';
  /** `foreign`: a role of that name exists and is not this install's. `alive`: revoked, and yet not refused. */
  readonly code:
    | 'unavailable'
    | 'denied'
    | 'throttled'
    | 'invalid'
    | 'foreign'
    | 'gone'
    | 'alive'
    | 'not-effective';
  readonly retryable: boolean;

  constructor(code: GrantFault['code'], message: string, options: { retryable: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable;
  }
}
