/**
 * Sign in with Slack: OpenID Connect with state, nonce and PKCE. It tells who somebody is and nothing else: what they
 * may see is judged at each request. Every failure ends on a page that says what to do.
 */
import * as openid from 'openid-client';
import { z } from 'zod';
import type { Cookies, SignedIn } from './cookies.ts';

export type SignInDeps = {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Origin of Slack's API, which is the issuer. */
  readonly issuer: string;
  /** No slash at its end. */
  readonly publicUrl: string;
  readonly cookies: Cookies;
  /** Our workspace. */
  readonly team: () => Promise<string>;
};

export type SignIn = {
  /** Where to send the browser, and the cookie that remembers why. */
  begin(to: string): Promise<{ readonly location: string; readonly cookie: string }>;
  /** `path` with its query, as Slack sent the browser back. Rejects with {@link SignInFault}. */
  finish(
    path: string,
    cookieHeader: string | undefined,
  ): Promise<{ readonly who: Omit<SignedIn, 'since'>; readonly to: string }>;
};

export const callbackPath = '/sign-in/callback';

/** Why a sign-in came to nothing, in words for the person. */
export class SignInFault extends Error {
  override readonly name = 'SignInFault';
  readonly code: 'expired' | 'cancelled' | 'refused' | 'other-team' | 'unavailable';

  constructor(code: SignInFault['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

const claimsSchema = z.looseObject({
  'https://slack.com/user_id': z.string(),
  'https://slack.com/team_id': z.string(),
  name: z.string().optional(),
});

export function slackSignIn(deps: SignInDeps): SignIn {
  let discovered: Promise<openid.Configuration> | undefined;

  /** Asked once; a failure is forgotten, so that Slack may be away at the start. */
  function configuration(): Promise<openid.Configuration> {
    const { issuer, clientId, clientSecret } = deps;
    discovered ??= openid
      .discovery(new URL(issuer), clientId, undefined, openid.ClientSecretPost(clientSecret), {
        execute: [
          // Without this the token's signature is left unread, for TLS is held to be enough.
          openid.enableNonRepudiationChecks,
          // The configuration lets plain HTTP through on loopback only.
          ...(issuer.startsWith('http:') ? [openid.allowInsecureRequests] : []),
        ],
        timeout: 10,
      })
      .catch((error: unknown) => {
        discovered = undefined;
        return unavailable(error);
      });
    return discovered;
  }

  return {
    begin: async (to) => {
      const config = await configuration();
      const state = openid.randomState();
      const nonce = openid.randomNonce();
      const verifier = openid.randomPKCECodeVerifier();
      const location = openid.buildAuthorizationUrl(config, {
        redirect_uri: deps.publicUrl + callbackPath,
        scope: 'openid profile',
        state,
        nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      return {
        location: location.href,
        cookie: await deps.cookies.seal('sign-in', { state, nonce, verifier, to }),
      };
    },

    finish: async (path, cookieHeader) => {
      const begun = await deps.cookies.open('sign-in', cookieHeader);
      if (begun === undefined)
        throw new SignInFault('expired', 'This sign-in is too old, or was begun in another browser.');
      const url = new URL(deps.publicUrl + path);
      if (url.searchParams.get('error') === 'access_denied')
        throw new SignInFault('cancelled', 'You did not let Slack tell who you are.');
      const claims = await exchange(await configuration(), url, begun);
      const { 'https://slack.com/user_id': user, 'https://slack.com/team_id': team, name } = claims;
      const ours = await deps.team().catch(unavailable);
      if (team !== ours)
        throw new SignInFault('other-team', 'You are signed in to another workspace in Slack.');
      return { who: { user, team, name: (name ?? user).slice(0, 80) }, to: begun.to };
    },
  };
}

async function exchange(
  config: openid.Configuration,
  url: URL,
  { state, nonce, verifier }: { state: string; nonce: string; verifier: string },
): Promise<z.infer<typeof claimsSchema>> {
  try {
    const tokens = await openid.authorizationCodeGrant(config, url, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    });
    return claimsSchema.parse(tokens.claims());
  } catch (error) {
    if (isNetworkTrouble(error)) return unavailable(error);
    const cause = new Error(`Slack said: ${slackWord(error) ?? String(error)}`);
    throw new SignInFault('refused', 'Slack’s answer does not fit the question that was asked.', cause);
  }
}

function unavailable(cause: unknown): never {
  throw new SignInFault('unavailable', 'Slack does not answer. Try again in a moment.', cause);
}

/** No answer, none in time, or one that is none of Slack's own refusals, which come with status 200. */
/**
 * Slack refuses an exchange with HTTP 200 and `{"ok": false, "error": "…"}`, which the client holds deep in its error.
 * Only the word is taken out: what stands beside it may be a token.
 */
function slackWord(error: unknown): string | undefined {
  for (let at = error, depth = 0; typeof at === 'object' && at !== null && depth < 4; depth += 1) {
    if ('body' in at) {
      const { error: word } = z.looseObject({ error: z.string() }).catch({ error: '' }).parse(at.body);
      return /^[a-z_]{1,60}$/.test(word) ? word : undefined;
    }
    at = 'cause' in at ? at.cause : undefined;
  }
  return undefined;
}

function isNetworkTrouble(error: unknown): boolean {
  if (error instanceof TypeError) return /fetch failed|terminated/.test(error.message);
  if (!(error instanceof openid.ClientError)) return false;
  return error.code === 'OAUTH_TIMEOUT' || (error.cause instanceof Response && error.cause.status >= 429);
}
