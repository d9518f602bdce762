/** Keys for other purposes than signing, derived from the signing key, so that an operator keeps one secret. */
import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { AccessId } from './ids.ts';

/** 256 bits. One purpose's key says nothing about another's (HKDF with SHA-256, the purpose as its info). */
export function deriveKey(
  signingKey: KeyObject,
  purpose: 'record-mac' | 'web-cookies' | 'replay-tickets' | 'credentials-token',
): KeyObject {
  const { d } = signingKey.export({ format: 'jwk' });
  if (d === undefined) throw new TypeError('the signing key is not a private Ed25519 key');
  const info = `prod-access/${purpose}/1`;
  return createSecretKey(
    Buffer.from(hkdfSync('sha256', Buffer.from(d, 'base64url'), Buffer.alloc(0), info, 32)),
  );
}

/** What each access's sandbox shows to the broker for credentials: made from the key, so that nothing need be kept. */
export function credentialsTokens(signingKey: KeyObject): (access: AccessId) => string {
  const key = deriveKey(signingKey, 'credentials-token');
  return (access) => createHmac('sha256', key).update(access).digest('base64url');
}
