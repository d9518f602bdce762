/**
 * Cookies whose content only the bot can read and write: encrypted and authenticated tokens with an end, so that any
 * replica can read what another one set. Behind TLS they carry the `__Host-` prefix: no other host can set them.
 */
import type { KeyObject } from 'node:crypto';
import { EncryptJWT, jwtDecrypt } from 'jose';
import { z } from 'zod';
import { signInMs } from '../../flow/sign-out.ts';

/** Who signed in, and when: whole seconds, as tokens count them, would not tell it from a signing out. */
export const signedInSchema = z.strictObject({
  user: z.string(),
  team: z.string(),
  name: z.string(),
  /** Epoch milliseconds. */
  since: z.int(),
});
export type SignedIn = z.infer<typeof signedInSchema>;

/** A sign-in under way. */
export const signingInSchema = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  to: z.string(),
});
export type SigningIn = z.infer<typeof signingInSchema>;

const kinds = {
  session: { schema: signedInSchema, seconds: signInMs / 1_000 },
  'sign-in': { schema: signingInSchema, seconds: 600 },
} as const;
type Kind = keyof typeof kinds;
type Content<K extends Kind> = z.infer<(typeof kinds)[K]['schema']>;

export type Cookies = {
  /** The value of a Set-Cookie header. */
  seal<K extends Kind>(kind: K, content: Content<K>): Promise<string>;
  /** What the request carries, or undefined where there is none, or it is old or not ours. */
  open<K extends Kind>(kind: K, header: string | undefined): Promise<Content<K> | undefined>;
  /** The value of a Set-Cookie header that takes it away. */
  clear(kind: Kind): string;
};

export type CookiesDeps = {
  readonly key: KeyObject;
  readonly secure: boolean;
  /** Epoch milliseconds. */
  readonly now: () => number;
};

export function makeCookies({ key, secure, now }: CookiesDeps): Cookies {
  const nameOf = (kind: Kind): string => `${secure ? '__Host-' : ''}prod-access-${kind}`;
  // `Lax`, not `Strict`: people come to a terminal by a link in Slack, and come back from Slack's sign-in.
  const flags = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  return {
    seal: async (kind, content) => {
      const { seconds } = kinds[kind];
      const issuedAt = Math.floor(now() / 1_000);
      const token = await new EncryptJWT(content)
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setAudience(kind)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + seconds)
        .encrypt(key);
      return `${nameOf(kind)}=${token}; ${flags}; Max-Age=${seconds}`;
    },
    open: async <K extends Kind>(kind: K, header: string | undefined) => {
      const token = valueIn(header, nameOf(kind));
      if (token === undefined) return undefined;
      try {
        const options = {
          audience: kind,
          requiredClaims: ['exp'],
          currentDate: new Date(now()),
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        };
        const { aud: _, iat: __, exp: ___, ...content } = (await jwtDecrypt(token, key, options)).payload;
        return kinds[kind].schema.parse(content) as Content<K>;
      } catch {
        return undefined;
      }
    },
    clear: (kind) => `${nameOf(kind)}=; ${flags}; Max-Age=0`,
  };
}

function valueIn(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}
