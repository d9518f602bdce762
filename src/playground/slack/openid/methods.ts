/**
 * The two Web API methods of Sign in with Slack. They answer as all of the Web API does, which is not as OAuth does: a
 * failed exchange is HTTP 200 with `ok: false` and Slack's own code, so a client finds no access token rather than an
 * error. Names of errors are Slack's documented ones, and `code_already_used`, which Slack says but does not document.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Args } from '../args.ts';
import { type JsonObject, type Person, SlackRefusal } from '../wire.ts';
import { idTokenClaims, personClaims } from './claims.ts';
import type { Consent } from './codes.ts';
import type { OpenId } from './openid.ts';
import { canSignIn } from './people.ts';

export type OpenIdCall = {
  readonly args: Args;
  /** The header as it came. */
  readonly authorization: string;
  /** The access token, from header or arguments. */
  readonly bearer: string | undefined;
};

/** The answer without `ok`. Throws {@link SlackRefusal}. */
export type OpenIdMethod = (openId: OpenId, call: OpenIdCall) => Promise<JsonObject>;

export const openIdMethods: ReadonlyMap<string, OpenIdMethod> = new Map([
  ['openid.connect.token', exchange],
  ['openid.connect.userInfo', userInfo],
]);

/**
 * A code is spent by whoever proves to be the app, whether or not the rest of the exchange fits. Nothing is awaited
 * before that, so that of many exchanges at once one succeeds.
 */
async function exchange(openId: OpenId, { args, authorization }: OpenIdCall): Promise<JsonObject> {
  authenticate(openId, args, authorization);
  if ((args.text('grant_type') ?? 'authorization_code') !== 'authorization_code')
    throw new SlackRefusal('invalid_grant_type');
  const consent = openId.codes.spend(args.text('code') ?? '');
  if (args.text('redirect_uri') !== consent.redirectUri) throw new SlackRefusal('bad_redirect_uri');
  if (challengeOf(args.text('code_verifier')) !== consent.challenge) throw new SlackRefusal('invalid_grant');
  const person = personOf(openId, consent);
  const bend = openId.takeBend();
  const accessToken = `xoxp-${randomBytes(24).toString('hex')}`;
  openId.consents.set(accessToken, consent);
  const claims = idTokenClaims({
    workspace: openId.workspace,
    issuer: openId.issuer(),
    clientId: openId.clientId,
    person,
    consent,
    accessToken,
    nowSeconds: Math.floor(openId.signingNow() / 1000),
    bend,
  });
  const { sign, forge } = openId.keys;
  const idToken = await (bend.badSignature ? forge : sign)(claims);
  return { access_token: accessToken, token_type: 'Bearer', id_token: idToken };
}

async function userInfo(openId: OpenId, { bearer }: OpenIdCall): Promise<JsonObject> {
  if (bearer === undefined) throw new SlackRefusal('not_authed');
  const consent = openId.consents.get(bearer);
  if (!consent) throw new SlackRefusal('invalid_auth');
  return personClaims(openId.workspace, openId.issuer(), personOf(openId, consent), consent.scopes);
}

/** By the header (RFC 6749 2.3.1: form-encoded, then base64) or by the arguments. */
function authenticate(openId: OpenId, args: Args, authorization: string): void {
  const [, basic] = /^Basic (.+)$/i.exec(authorization) ?? [];
  const [id, secret] =
    basic === undefined
      ? [args.text('client_id'), args.text('client_secret')]
      : Buffer.from(basic, 'base64').toString('utf8').split(':').map(formDecoded);
  if (id !== openId.clientId) throw new SlackRefusal('invalid_client_id');
  if (secret !== openId.clientSecret) throw new SlackRefusal('bad_client_secret');
}

function formDecoded(text: string): string {
  return new URLSearchParams(`text=${text}`).get('text') ?? '';
}

/** A verifier without a challenge is refused like a wrong one: someone may have cut the challenge out on its way. */
function challengeOf(verifier: string | undefined): string | undefined {
  return verifier === undefined ? undefined : createHash('sha256').update(verifier).digest('base64url');
}

function personOf({ workspace }: OpenId, { user }: Consent): Person {
  const person = workspace.people.get(user);
  if (!person || !canSignIn(workspace, user)) throw new SlackRefusal('account_inactive');
  return person;
}
