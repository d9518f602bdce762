/**
 * What an AWS error means to us, and nothing of what it may carry.
 *
 * An SDK error can hold the raw answer (of AssumeRole: the credentials), and the message of SignatureDoesNotMatch
 * quotes the session token. So no SDK error leaves this file: a fault's `cause` is a short copy made of parts known
 * to be harmless.
 */
import { GrantFault } from '../../ports/grants.ts';

export type Trouble = {
  /** As on the wire: `NoSuchEntity`, `Throttling`, `ECONNREFUSED` … */
  readonly name: string;
  readonly message: string;
  readonly code: GrantFault['code'];
  /** Worth another try within this call's patience. */
  readonly passing: boolean;
  /** Worth another call later. */
  readonly retryable: boolean;
  readonly requestId?: string;
};

type Meaning = Pick<Trouble, 'code' | 'passing' | 'retryable'>;

const throttled: Meaning = { code: 'throttled', passing: true, retryable: true };
const busy: Meaning = { code: 'unavailable', passing: true, retryable: true };
const down: Meaning = { code: 'unavailable', passing: false, retryable: true };
const denied: Meaning = { code: 'denied', passing: false, retryable: false };
const invalid: Meaning = { code: 'invalid', passing: false, retryable: false };
const gone: Meaning = { code: 'gone', passing: false, retryable: true };

const meanings: Readonly<Record<string, Meaning>> = {
  Throttling: throttled,
  Throttled: throttled,
  TooManyRequests: throttled,
  RequestLimitExceeded: throttled,
  SlowDown: throttled,
  PriorRequestNotComplete: throttled,
  ConcurrentModification: busy,
  DeleteConflict: busy,
  EntityTemporarilyUnmodifiable: busy,
  ServiceFailure: busy,
  ServiceUnavailable: busy,
  InternalFailure: busy,
  RequestTimeout: busy,
  TimeoutError: busy,
  ExpiredToken: busy,
  RequestExpired: busy,
  CredentialsProviderError: down,
  AccessDenied: denied,
  UnauthorizedOperation: denied,
  InvalidClientTokenId: denied,
  UnrecognizedClient: denied,
  SignatureDoesNotMatch: denied,
  MissingAuthenticationToken: denied,
  OptInRequired: denied,
  LimitExceeded: invalid,
  NoSuchEntity: gone,
};

export const absence: Trouble = { name: 'NoSuchEntity', message: '', ...gone };

export function troubleOf(error: unknown): Trouble {
  const seen = parts(error);
  const name = (seen.networkCode ?? seen.name).replace(/Exception$/, '');
  const id = seen.requestId === undefined ? {} : { requestId: seen.requestId };
  const quotable = (seen.modelled && name !== 'SignatureDoesNotMatch') || seen.networkCode !== undefined;
  return { name, message: quotable ? seen.message.slice(0, 600) : '', ...meaningOf(name, seen), ...id };
}

/** @param what the action and its resource, such as `iam:CreateRole on arn:…`. */
export function faultOf(trouble: Trouble, what: string): GrantFault {
  const { code, retryable } = trouble;
  return new GrantFault(code, sentence(trouble, what), { retryable, cause: causeOf(trouble) });
}

/** A harmless copy of the SDK's error. */
export function causeOf(trouble: Trouble): Error {
  const request = trouble.requestId === undefined ? '' : ` (request ${trouble.requestId})`;
  const cause = new Error(`${trouble.name}: ${trouble.message}${request}`);
  cause.name = 'AwsError';
  return cause;
}

/** The end of IAM's message, which names the kind of policy that refused. */
export function reasonOf(trouble: Trouble): string {
  return /(?:because no .*|with an explicit deny.*)$/.exec(trouble.message)?.[0] ?? trouble.name;
}

function sentence(trouble: Trouble, what: string): string {
  if (trouble.name === 'CredentialsProviderError') return `no AWS credentials were found for ${what}`;
  if (trouble.name === 'AccessDenied') return `AWS denies the bot ${what} (${reasonOf(trouble)})`;
  if (trouble.code === 'denied')
    return `AWS does not accept the bot's credentials for ${what} (${trouble.name})`;
  if (trouble.code === 'gone') return `${what}: not there`;
  if (trouble.code === 'invalid') return `${what}: ${trouble.name}: ${trouble.message}`;
  return `${what} did not succeed: ${trouble.name}`;
}

type Parts = {
  readonly name: string;
  readonly message: string;
  readonly modelled: boolean;
  readonly networkCode?: string;
  readonly status?: number;
  readonly requestId?: string;
};

function parts(error: unknown): Parts {
  if (!(error instanceof Error)) return { name: 'Unknown', message: '', modelled: false };
  const networkCode = 'code' in error && typeof error.code === 'string' && /^E[A-Z_]+$/.test(error.code);
  const metadata = '$metadata' in error && isRecord(error.$metadata) ? error.$metadata : {};
  return {
    name: error.name,
    message: error.message,
    modelled: '$fault' in error,
    ...(networkCode ? { networkCode: String(error.code) } : {}),
    ...(typeof metadata.httpStatusCode === 'number' ? { status: metadata.httpStatusCode } : {}),
    ...(typeof metadata.requestId === 'string' ? { requestId: metadata.requestId } : {}),
  };
}

function meaningOf(name: string, seen: Parts): Meaning {
  const known = meanings[name];
  if (known) return known;
  if (seen.networkCode !== undefined) return busy;
  const status = seen.status ?? 0;
  if (status === 429) return throttled;
  if (status >= 500) return busy;
  if (status === 401 || status === 403) return denied;
  return seen.modelled && status >= 400 ? invalid : down;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
