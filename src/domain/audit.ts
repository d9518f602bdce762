/**
 * The audit trail: what an entry is, how entries are chained, and how a chain is checked.
 *
 * `hash` is the lower-case hex SHA-256 over the 64 ASCII bytes of `prev` followed by the UTF-8 bytes of the RFC 8785
 * form of the entry without `hash`. Within a chain `seq` starts at 1 without gaps and the first `prev` is 64 zeros.
 * docs/audit-format.md is the specification for others; the two must agree.
 */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import type { AccessId } from './ids.ts';

export const actions = [
  'access.requested',
  'access.refused',
  'access.approved',
  'access.rejected',
  'access.withdrawn',
  'access.lapsed',
  'access.active',
  'access.warned',
  'access.extended',
  'access.ending',
  'access.revoked',
  'access.failed',
  'vote.approved',
  'vote.denied',
  'vote.refused',
  'grant.issued',
  'grant.revoked',
  'grant.failed',
  'sandbox.opened',
  'sandbox.closed',
  'sandbox.failed',
  'session.started',
  'session.ended',
  'session.viewed',
  'file.downloaded',
  'credentials.vended',
  'connection.opened',
  'connection.closed',
  'connection.blocked',
  'policy.loaded',
  'policy.rejected',
  'sweep.repaired',
  'alarm.raised',
  'alarm.cleared',
  'ledger.lost',
  'bot.started',
  'bot.stopped',
] as const;

export type Action = (typeof actions)[number];

export type Actor = {
  readonly kind: 'person' | 'bot' | 'system';
  readonly id: string;
  readonly name: string;
};

export const bot: Actor = { kind: 'bot', id: 'prod-access', name: 'prod-access' };

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export type Details = { readonly [key: string]: Json };

/** An entry before it has its place in the chain. */
export type Draft = {
  /** ISO 8601 with milliseconds. */
  readonly at: string;
  readonly action: Action;
  readonly access?: AccessId;
  readonly actor: Actor;
  readonly target?: string;
  readonly details: Details;
};

export type Entry = Omit<Draft, 'action' | 'access'> & {
  readonly chain: string;
  readonly seq: number;
  /** One of {@link actions}, or one that a later version added. */
  readonly action: string;
  readonly access?: string;
  readonly prev: string;
  readonly hash: string;
};

/** The last entry of a chain, as far as someone knows it. */
export type Head = { readonly chain: string; readonly seq: number; readonly hash: string };

export const genesis = '0'.repeat(64);

const hex64 = /^[0-9a-f]{64}$/;

export const entrySchema = z.looseObject({
  chain: z.string().regex(/^[a-z0-9]{4,64}$/),
  seq: z.int().min(1),
  at: z.string(),
  action: z.string(),
  access: z.string().optional(),
  actor: z.looseObject({ kind: z.enum(['person', 'bot', 'system']), id: z.string(), name: z.string() }),
  target: z.string().optional(),
  details: z.record(z.string(), z.json()),
  prev: z.string().regex(hex64),
  hash: z.string().regex(hex64),
});

/** Gives a draft its place after `head`. Throws a TypeError where the draft holds what RFC 8785 cannot say alike everywhere. */
export function seal(draft: Draft, head: Head): Entry {
  assertPortable(draft, 'entry');
  const body = { ...draft, chain: head.chain, seq: head.seq + 1, prev: head.hash };
  return { ...body, hash: hashOf(body) };
}

/** The head before the first entry of a chain. */
export function emptyChain(chain: string): Head {
  return { chain, seq: 0, hash: genesis };
}

export function headOf(entry: Entry): Head {
  return { chain: entry.chain, seq: entry.seq, hash: entry.hash };
}

/** The hash that `entry` ought to carry; a `hash` that it does carry is left out of the sum. */
export function hashOf(entry: Readonly<Record<string, unknown>> & { readonly prev: string }): string {
  const { hash: _, ...body } = entry;
  const text = canonicalize(body);
  if (text === undefined) throw new TypeError('an entry must be a JSON object');
  return createHash('sha256').update(entry.prev, 'ascii').update(text, 'utf8').digest('hex');
}

/** Base64 Ed25519 signature over the 64 ASCII bytes of `hash`. */
export function signHash(hash: string, key: KeyObject): string {
  return sign(null, Buffer.from(hash, 'ascii'), key).toString('base64');
}

export function isSignedBy(hash: string, signature: string, key: KeyObject): boolean {
  return verify(null, Buffer.from(hash, 'ascii'), key, Buffer.from(signature, 'base64'));
}

/** The public key as the trail writes it: base64 of the 32 raw bytes. */
export function publicKeyText(key: KeyObject): string {
  const { x } = (key.type === 'public' ? key : createPublicKey(key)).export({ format: 'jwk' });
  if (x === undefined) throw new TypeError('not an Ed25519 key');
  return Buffer.from(x, 'base64url').toString('base64');
}

export function publicKeyFrom(text: string): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(text, 'base64').toString('base64url') },
    format: 'jwk',
  });
}

/** The install: first 12 hex digits of the SHA-256 of the raw public key. A bot touches only what carries its own. */
export function installOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(Buffer.from(publicKeyText(publicKey), 'base64'))
    .digest('hex')
    .slice(0, 12);
}

/**
 * Throws a TypeError at what two implementations could hash differently: numbers that are no safe integers, lone
 * surrogates, keys beyond ASCII, and undefined.
 */
export function assertPortable(value: unknown, where: string): void {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError(`${where} is ${value}, which is no safe integer`);
  } else if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError(`${where} is not well-formed Unicode`);
  } else if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) assertPortable(each, `${where}[${index}]`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, each] of Object.entries(value)) {
      if (!/^[\x20-\x7e]+$/.test(key))
        throw new TypeError(`${where} has the key ${JSON.stringify(key)}, which is not ASCII`);
      assertPortable(each, `${where}.${key}`);
    }
  } else if (typeof value !== 'boolean' && value !== null) {
    throw new TypeError(`${where} is ${typeof value}`);
  }
}
