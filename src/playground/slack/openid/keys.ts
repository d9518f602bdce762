/**
 * The issuer's RS256 key. It is made when first needed: most look-alikes live without a sign-in, and the key costs more
 * than all the rest of their start. The private half never leaves this file.
 */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { JsonObject } from '../wire.ts';

export type Keys = {
  /** The public half, as a JSON Web Key Set. */
  readonly published: () => Promise<JsonObject>;
  readonly sign: (claims: JWTPayload) => Promise<string>;
  /** Signs with a key that nobody published, under the published key's id. */
  readonly forge: (claims: JWTPayload) => Promise<string>;
};

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
type Own = { readonly pair: Pair; readonly kid: string; readonly published: JsonObject };

export function createKeys(): Keys {
  let made: Promise<Own> | undefined;
  const own = (): Promise<Own> => {
    made ??= makeOwn();
    return made;
  };
  return {
    published: async () => (await own()).published,
    sign: async (claims) => {
      const { pair, kid } = await own();
      return signed(claims, pair, kid);
    },
    forge: async (claims) => signed(claims, await generateKeyPair('RS256'), (await own()).kid),
  };
}

async function makeOwn(): Promise<Own> {
  const pair = await generateKeyPair('RS256');
  const { kty, n, e } = await exportJWK(pair.publicKey);
  const kid = await calculateJwkThumbprint(pair.publicKey);
  return { pair, kid, published: { keys: [{ kty, n, e, kid, alg: 'RS256', use: 'sig' }] } };
}

function signed(claims: JWTPayload, { privateKey }: Pair, kid: string): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid }).sign(privateKey);
}
