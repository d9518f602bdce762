/**
 * Sign in with Slack as the bot does it, with the real openid-client: what a sign-in gives, what every wrong step is
 * answered with, and which bent tokens the client finds by itself and which only its caller can.
 */
import { createHash } from 'node:crypto';
import * as oidc from 'openid-client';
import { describe, expect, test } from 'vitest';
import type { LookalikeOptions, SlackLookalike } from '../../../src/playground/slack/contract.ts';
import { codeLifeMs } from '../../../src/playground/slack/openid/codes.ts';
import { clientOf, manifestWith, refusal, seed, startSlack } from './support.ts';

const callback = 'http://127.0.0.1:9/auth/callback';

async function start(options: Partial<LookalikeOptions> = {}): Promise<SlackLookalike> {
  const slack = await startSlack(options);
  slack.setRedirectUrls([callback]);
  return slack;
}

async function configOf(
  slack: SlackLookalike,
  auth: oidc.ClientAuth = oidc.ClientSecretPost(slack.clientSecret),
): Promise<oidc.Configuration> {
  return oidc.discovery(new URL(slack.url), slack.clientId, undefined, auth, {
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  });
}

type Begun = {
  readonly url: string;
  readonly checks: oidc.AuthorizationCodeGrantChecks & {
    readonly pkceCodeVerifier: string;
    readonly expectedState: string;
    readonly expectedNonce: string;
  };
};

async function begin(
  config: oidc.Configuration,
  more: Readonly<Record<string, string>> = {},
): Promise<Begun> {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const expectedState = oidc.randomState();
  const expectedNonce = oidc.randomNonce();
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: 'openid profile email',
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  });
  return { url: url.href, checks: { pkceCodeVerifier, expectedState, expectedNonce } };
}

/** A code for Ada, and the arguments with which it can be exchanged. */
async function codeFor(
  slack: SlackLookalike,
  more: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  const { url, checks } = await begin(await configOf(slack), more);
  const code = new URL(await slack.signIn(url, 'U0ASK')).searchParams.get('code') ?? '';
  return {
    code,
    redirect_uri: callback,
    grant_type: 'authorization_code',
    code_verifier: checks.pkceCodeVerifier,
    client_id: slack.clientId,
    client_secret: slack.clientSecret,
  };
}

async function exchange(
  slack: SlackLookalike,
  args: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${slack.apiUrl}openid.connect.token`, {
    method: 'POST',
    body: new URLSearchParams(args),
    headers,
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

/** What the client throws, as deep as it goes. */
async function trouble(call: Promise<unknown>): Promise<{ code: unknown; cause: unknown; message: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error)
      return { code: Reflect.get(error, 'code'), cause: error.cause, message: error.message };
  }
  throw new Error('the client was content');
}

describe('a sign-in', () => {
  test('the issuer publishes what slack.com does', async () => {
    await using slack = await start();
    const server = (await configOf(slack)).serverMetadata();
    expect({ ...server }).toEqual({
      issuer: slack.url,
      authorization_endpoint: `${slack.url}/openid/connect/authorize`,
      token_endpoint: `${slack.apiUrl}openid.connect.token`,
      userinfo_endpoint: `${slack.apiUrl}openid.connect.userInfo`,
      jwks_uri: `${slack.url}/openid/connect/keys`,
      scopes_supported: ['openid', 'profile', 'email'],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      claims_supported: ['sub', 'auth_time', 'iss'],
      claims_parameter_supported: false,
      request_parameter_supported: false,
      request_uri_parameter_supported: true,
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    });
    expect(server.supportsPKCE()).toBe(false);
    const keys = await fetch(`${slack.url}/openid/connect/keys`);
    const published = (await keys.json()) as { keys: Record<string, string>[] };
    expect(Object.keys(published.keys[0] ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });

  test.each([
    ['client_secret_post', oidc.ClientSecretPost],
    ['client_secret_basic', oidc.ClientSecretBasic],
  ])('gives the person to a client that uses %s', async (_, authOf) => {
    await using slack = await start({ clientId: '25259531569.1115258246291', clientSecret: 'a+b/c%20:d' });
    const config = await configOf(slack, authOf(slack.clientSecret));
    const { url, checks } = await begin(config);
    const back = new URL(await slack.signIn(url, 'U0ASK'));
    expect(back.href.startsWith(`${callback}?code=`)).toBe(true);
    const before = Math.floor(Date.now() / 1000);
    const tokens = await oidc.authorizationCodeGrant(config, back, checks);
    expect(tokens).toMatchObject({ ok: true, token_type: 'bearer' });
    expect(tokens.expires_in).toBeUndefined();
    const claims = tokens.claims();
    expect(claims).toMatchObject({
      iss: slack.url,
      sub: 'U0ASK',
      aud: '25259531569.1115258246291',
      nonce: checks.expectedNonce,
      at_hash: createHash('sha256')
        .update(tokens.access_token)
        .digest()
        .subarray(0, 16)
        .toString('base64url'),
      'https://slack.com/user_id': 'U0ASK',
      'https://slack.com/team_id': 'T0LOOKALIKE',
      'https://slack.com/team_name': 'Look-alike',
      'https://slack.com/team_domain': 'lookalike',
      name: 'Ada Asker',
      given_name: 'Ada',
      family_name: 'Asker',
      email: 'ada@example.com',
      email_verified: true,
      locale: 'en-US',
    });
    expect((claims?.exp ?? 0) - (claims?.iat ?? 0)).toBe(300);
    expect(claims?.iat).toBeGreaterThanOrEqual(before);
    expect(claims?.auth_time).toBeLessThanOrEqual(claims?.iat ?? 0);
    const info = await oidc.fetchUserInfo(config, tokens.access_token, 'U0ASK');
    expect(info).toMatchObject({ ok: true, sub: 'U0ASK', email: 'ada@example.com', name: 'Ada Asker' });
    expect(slack.calls('openid.connect.token').map(({ args }) => args)).toEqual([
      {
        ...(authOf === oidc.ClientSecretPost ? { client_id: slack.clientId } : {}),
        redirect_uri: callback,
        grant_type: 'authorization_code',
      },
    ]);
  });

  test('a scope that was not asked for tells nothing', async () => {
    await using slack = await start();
    const config = await configOf(slack);
    const { url, checks } = await begin(config, { scope: 'openid' });
    const tokens = await oidc.authorizationCodeGrant(
      config,
      new URL(await slack.signIn(url, 'U0ASK')),
      checks,
    );
    expect(Object.keys(tokens.claims() ?? {}).sort()).toEqual([
      'at_hash',
      'aud',
      'auth_time',
      'exp',
      'https://slack.com/team_id',
      'https://slack.com/user_id',
      'iat',
      'iss',
      'nonce',
      'sub',
    ]);
    expect(await oidc.fetchUserInfo(config, tokens.access_token, 'U0ASK')).toEqual({
      ok: true,
      sub: 'U0ASK',
      'https://slack.com/user_id': 'U0ASK',
      'https://slack.com/team_id': 'T0LOOKALIKE',
    });
  });

  test('without state and nonce both come back empty, which the client refuses', async () => {
    await using slack = await start();
    const config = await configOf(slack);
    const { url, checks } = await begin(config);
    const bare = new URL(url);
    bare.searchParams.delete('nonce');
    bare.searchParams.delete('state');
    const back = new URL(await slack.signIn(bare.href, 'U0ASK'));
    expect(back.searchParams.get('state')).toBe('');
    back.searchParams.delete('state');
    const { pkceCodeVerifier } = checks;
    expect(await trouble(oidc.authorizationCodeGrant(config, back, { pkceCodeVerifier }))).toMatchObject({
      code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
      cause: { cause: { claim: 'nonce', claims: { nonce: '' } } },
    });
  });

  test('userInfo knows only the tokens of sign-ins, whose people are still there', async () => {
    await using slack = await start();
    const config = await configOf(slack);
    const { access_token: token } = await exchange(slack, await codeFor(slack));
    const ask = (bearer?: string): Promise<unknown> =>
      fetch(`${slack.apiUrl}openid.connect.userInfo`, {
        method: 'POST',
        headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
      }).then((answer) => answer.json());
    expect(await ask(String(token))).toMatchObject({ ok: true, sub: 'U0ASK' });
    expect(await ask()).toEqual({ ok: false, error: 'not_authed' });
    expect(await ask(slack.botToken)).toEqual({ ok: false, error: 'invalid_auth' });
    expect(await refusal(clientOf(slack, String(token)).users.info({ user: 'U0ASK' }))).toMatchObject({
      error: 'invalid_auth',
    });
    slack.amend('U0ASK', { deleted: true });
    expect(await ask(String(token))).toEqual({ ok: false, error: 'account_inactive' });
    await expect(oidc.fetchUserInfo(config, String(token), 'U0ASK')).rejects.toMatchObject({
      code: 'OAUTH_INVALID_RESPONSE',
    });
  });
});

describe('an exchange that does not fit', () => {
  test.each([
    ['client_id', '1.2', 'invalid_client_id'],
    ['client_id', undefined, 'invalid_client_id'],
    ['client_secret', 'guess', 'bad_client_secret'],
    ['client_secret', undefined, 'bad_client_secret'],
    ['grant_type', 'refresh_token', 'invalid_grant_type'],
    ['code', 'guess', 'invalid_code'],
    ['code', undefined, 'invalid_code'],
    ['redirect_uri', `${callback}/`, 'bad_redirect_uri'],
    ['redirect_uri', undefined, 'bad_redirect_uri'],
    ['code_verifier', 'x'.repeat(43), 'invalid_grant'],
    ['code_verifier', undefined, 'invalid_grant'],
  ])('%s as %s is answered with 200 and %3$s', async (name, value, error) => {
    await using slack = await start();
    const { [name]: _, ...rest } = await codeFor(slack);
    expect(await exchange(slack, value === undefined ? rest : { ...rest, [name]: value })).toEqual({
      ok: false,
      error,
    });
  });

  test('a verifier whose challenge somebody cut out is refused', async () => {
    await using slack = await start();
    const { url, checks } = await begin(await configOf(slack));
    const cut = new URL(url);
    cut.searchParams.delete('code_challenge');
    cut.searchParams.delete('code_challenge_method');
    const back = new URL(await slack.signIn(cut.href, 'U0ASK'));
    const caught = await trouble(oidc.authorizationCodeGrant(await configOf(slack), back, checks));
    expect(caught).toMatchObject({
      code: 'OAUTH_INVALID_RESPONSE',
      cause: { cause: { body: { ok: false, error: 'invalid_grant' } } },
    });
  });

  test('the client finds no token, and Slack’s word two causes deep', async () => {
    await using slack = await start();
    const config = await configOf(slack, oidc.ClientSecretPost('wrong'));
    const { url, checks } = await begin(config);
    const back = new URL(await slack.signIn(url, 'U0ASK'));
    expect(await trouble(oidc.authorizationCodeGrant(config, back, checks))).toMatchObject({
      code: 'OAUTH_INVALID_RESPONSE',
      cause: { cause: { body: { ok: false, error: 'bad_client_secret' } } },
    });
    expect(slack.calls('openid.connect.token')).toMatchObject([{ error: 'bad_client_secret' }]);
    // The secret was wrong, so the code is not spent.
    const right = await configOf(slack);
    expect((await oidc.authorizationCodeGrant(right, back, checks)).claims()?.sub).toBe('U0ASK');
  });

  test('of many exchanges of one code exactly one succeeds', async () => {
    await using slack = await start();
    const args = await codeFor(slack);
    const answers = await Promise.all(Array.from({ length: 20 }, () => exchange(slack, args)));
    expect(answers.filter(({ ok }) => ok === true)).toHaveLength(1);
    expect(answers.filter(({ error }) => error === 'code_already_used')).toHaveLength(19);
  });

  test('a try with the wrong verifier spends the code', async () => {
    await using slack = await start();
    const args = await codeFor(slack);
    expect(await exchange(slack, { ...args, code_verifier: 'wrong' })).toMatchObject({
      error: 'invalid_grant',
    });
    expect(await exchange(slack, args)).toMatchObject({ error: 'code_already_used' });
  });

  test('a code is good for ten minutes of the workspace’s clock', async () => {
    let now = Date.now();
    await using slack = await start({ now: () => now });
    const [early, late] = [await codeFor(slack), await codeFor(slack)];
    now += codeLifeMs;
    expect(await exchange(slack, early)).toMatchObject({ ok: true });
    now += 1;
    expect(await exchange(slack, late)).toEqual({ ok: false, error: 'invalid_code' });
    expect(await exchange(slack, early)).toEqual({ ok: false, error: 'invalid_code' });
  });

  test('garbage in the header is no client', async () => {
    await using slack = await start();
    const args = await codeFor(slack);
    for (const authorization of ['Basic', 'Basic ====', `Basic ${btoa('%zz')}`, 'Basic \u00ff'])
      expect(await exchange(slack, { code: args.code ?? '' }, { authorization })).toMatchObject({
        error: 'invalid_client_id',
      });
  });
});

describe('a bent id_token', () => {
  test.each([
    ['nonce', { nonce: 'another' }, 'OAUTH_JWT_CLAIM_COMPARISON_FAILED'],
    ['empty nonce', { nonce: '' }, 'OAUTH_JWT_CLAIM_COMPARISON_FAILED'],
    ['issuer', { issuer: 'https://slack.com' }, 'OAUTH_JWT_CLAIM_COMPARISON_FAILED'],
    ['audience', { audience: '1.2' }, 'OAUTH_JWT_CLAIM_COMPARISON_FAILED'],
    ['end', { expiredBySeconds: 31 }, 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED'],
    ['signature', { badSignature: true }, 'OAUTH_INVALID_RESPONSE'],
  ] as const)('with a wrong %s is refused by the client; the next one is right', async (_, bend, code) => {
    await using slack = await start();
    const config = await configOf(slack);
    const signIn = async () => {
      const { url, checks } = await begin(config);
      const back = new URL(await slack.signIn(url, 'U0ASK'));
      return oidc.authorizationCodeGrant(config, back, checks);
    };
    slack.bendIdToken(bend);
    expect(await trouble(signIn())).toMatchObject({ code });
    expect((await signIn()).claims()?.sub).toBe('U0ASK');
  });

  test('a forged signature passes a client that does not ask for the check', async () => {
    await using slack = await start();
    const config = await oidc.discovery(
      new URL(slack.url),
      slack.clientId,
      undefined,
      oidc.ClientSecretPost(slack.clientSecret),
      { execute: [oidc.allowInsecureRequests] },
    );
    const { url, checks } = await begin(config);
    slack.bendIdToken({ badSignature: true });
    const back = new URL(await slack.signIn(url, 'U0ASK'));
    expect((await oidc.authorizationCodeGrant(config, back, checks)).claims()?.sub).toBe('U0ASK');
  });

  test('with another team or person passes the client: its caller must look', async () => {
    await using slack = await start();
    const config = await configOf(slack);
    const { url, checks } = await begin(config);
    slack.bendIdToken({ teamId: 'T0OTHER', userId: 'U0LEAD' });
    const back = new URL(await slack.signIn(url, 'U0ASK'));
    const tokens = await oidc.authorizationCodeGrant(config, back, checks);
    expect(tokens.claims()).toMatchObject({
      sub: 'U0LEAD',
      'https://slack.com/user_id': 'U0LEAD',
      'https://slack.com/team_id': 'T0OTHER',
    });
  });
});

describe('the page', () => {
  const open = (url: string, init: RequestInit = {}) => fetch(url, { redirect: 'manual', ...init });

  test.each([
    ['another origin', 'http://evil.example/auth/callback'],
    ['another port', 'http://127.0.0.1:10/auth/callback'],
    ['another scheme', 'https://127.0.0.1:9/auth/callback'],
    ['a sibling', `${callback}-evil`],
    ['a parent', 'http://127.0.0.1:9/auth'],
    ['a way up', `${callback}/../../evil`],
    ['an encoded way up', `${callback}/%2e%2e/%2E%2E/evil`],
    ['a way up with backslashes', `${callback}\\..\\..\\evil`],
    ['the host as a user name', 'http://127.0.0.1:9@evil.example/auth/callback'],
    ['a user name', 'http://evil@127.0.0.1:9/auth/callback'],
    ['a fragment', `${callback}#x`],
    ['an empty fragment', `${callback}#`],
    ['a script', 'javascript:alert(1)//127.0.0.1:9/auth/callback'],
    ['markup', '"><script>alert(1)</script>'],
    ['a path', '/auth/callback'],
    ['nothing', ''],
  ])('never leads to an unregistered place: %s', async (_, redirectUri) => {
    await using slack = await start();
    const { url } = await begin(await configOf(slack), { redirect_uri: redirectUri });
    for (const init of [{}, { method: 'POST', body: new URLSearchParams({ user: 'U0ASK' }) }]) {
      const answer = await open(url, init);
      expect(answer.status).toBe(400);
      expect(answer.headers.get('location')).toBeNull();
      const page = await answer.text();
      expect(page).toContain('redirect_uri did not match any configured URIs');
      expect(page).not.toContain('<script');
    }
    await expect(slack.signIn(url, 'U0ASK')).rejects.toThrow(`Passed URI: ${redirectUri}`);
  });

  test('leads to what the manifest or the owner registered, and below', async () => {
    const inManifest = 'https://prod-access.example.com/auth';
    await using slack = await startSlack({
      manifest: { oauth_config: { ...manifestWith().oauth_config, redirect_urls: [inManifest] } },
    });
    slack.setRedirectUrls(['http://127.0.0.1:8/gone']);
    slack.setRedirectUrls([callback]);
    const config = await configOf(slack);
    for (const redirectUri of [inManifest, `${inManifest}/deeper?x=1`, callback]) {
      const { url, checks } = await begin(config, { redirect_uri: redirectUri });
      const back = new URL(await slack.signIn(url, 'U0ASK'));
      expect(back.searchParams.get('state')).toBe(checks.expectedState);
      back.searchParams.delete('code');
      back.searchParams.delete('state');
      expect(back.href).toBe(redirectUri);
    }
    const { url } = await begin(config, { redirect_uri: 'http://127.0.0.1:8/gone' });
    await expect(slack.signIn(url, 'U0ASK')).rejects.toThrow('did not match');
    expect(() => slack.setRedirectUrls(['javascript:alert(1)'])).toThrow();
  });

  test.each([
    ['client_id', '1.2', 'Invalid client_id parameter'],
    ['response_type', 'id_token', 'response_type must be code'],
    ['scope', 'profile email', 'scope must hold openid'],
    ['scope', 'openid admin', 'Invalid permissions requested: admin'],
    ['code_challenge', 'short', 'code_challenge must be 43 characters'],
    ['code_challenge_method', 'plain', 'code_challenge must be 43 characters, its method S256'],
    ['team', 'T0OTHER', 'The app is not installed in T0OTHER'],
  ])('a wrong %s (%s) is said, and the app is sent nothing', async (name, value, words) => {
    await using slack = await start();
    const { url } = await begin(await configOf(slack), { [name]: value });
    await expect(slack.signIn(url, 'U0ASK')).rejects.toThrow(words);
    const { url: right } = await begin(await configOf(slack));
    await expect(slack.signIn(`${right}&${name}=${value}`, 'U0ASK')).rejects.toThrow(
      name === 'team' ? words : `${name} stands more than once`,
    );
  });

  test('lists guests, but nobody who is deactivated, a bot, or of another workspace', async () => {
    await using slack = await start();
    const config = await configOf(slack);
    const { url } = await begin(config);
    const page = await (await open(url)).text();
    expect([...page.matchAll(/name="user" value="(\w+)"/g)].map(([, id]) => id)).toEqual([
      'U0ASK',
      'U0LEAD',
      'U0GUEST',
    ]);
    expect(page).toContain('Sign in to <bdi>Look-alike</bdi> as …');
    for (const id of ['U0GONE', 'U0ROBOT', 'U0BOT', 'USLACKBOT', 'U0FOREIGN', 'U0NOBODY', '', '"><']) {
      await expect(slack.signIn(url, id)).rejects.toThrow('is not on the sign-in page');
      const forced = await open(url, { method: 'POST', body: new URLSearchParams({ user: id }) });
      expect([forced.status, forced.headers.get('location')]).toEqual([400, null]);
    }
    expect(await slack.signIn(url, 'U0GUEST')).toContain('code=');
  });

  test('who is deactivated meanwhile gets no code, or no token for it', async () => {
    await using slack = await start();
    const args = await codeFor(slack);
    const { url } = await begin(await configOf(slack));
    slack.amend('U0ASK', { deleted: true });
    expect((await open(url, { method: 'POST', body: new URLSearchParams({ user: 'U0ASK' }) })).status).toBe(
      400,
    );
    expect(await exchange(slack, args)).toEqual({ ok: false, error: 'account_inactive' });
  });

  test('Cancel tells the app so', async () => {
    await using slack = await start();
    const config = await configOf(slack);
    const { url, checks } = await begin(config);
    const answer = await open(url, { method: 'POST', body: new URLSearchParams({ cancel: 'yes' }) });
    const back = new URL(answer.headers.get('location') ?? '');
    expect(back.href).toBe(`${callback}?error=access_denied&state=${checks.expectedState}`);
    await expect(oidc.authorizationCodeGrant(config, back, checks)).rejects.toMatchObject({
      code: 'OAUTH_AUTHORIZATION_RESPONSE_ERROR',
      error: 'access_denied',
    });
  });

  test('shows every name as text, runs nothing and can be framed by nobody', async () => {
    const evil = `</bdi></button><script>alert('x')</script><img src=x onerror="alert(1)">&amp;`;
    await using slack = await start({
      seed: {
        ...seed,
        team: { name: evil },
        app: { name: evil },
        people: [{ id: 'U0EVIL', name: evil, real_name: evil }],
      },
    });
    const { url } = await begin(await configOf(slack), { state: evil, nonce: evil });
    const answer = await open(url);
    const page = await answer.text();
    const tags = [...page.matchAll(/<\/?([a-z0-9]+)/g)].map(([, tag]) => tag);
    expect(new Set(tags)).toEqual(
      new Set(['html', 'meta', 'title', 'style', 'main', 'h1', 'p', 'bdi', 'form', 'button', 'small']),
    );
    expect(page.split('&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62;')).toHaveLength(6);
    expect(page).toContain('&#38;amp;');
    const policy = answer.headers.get('content-security-policy') ?? '';
    const [, style = ''] = /<style>([^<]*)<\/style>/.exec(page) ?? [];
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; ` +
        `form-action 'self' http://127.0.0.1:9; base-uri 'none'; frame-ancestors 'none'`,
    );
    expect(new URL(await slack.signIn(url, 'U0EVIL')).searchParams.get('state')).toBe(evil);
  });

  test('takes no form from another site’s page', async () => {
    await using slack = await start();
    const { url } = await begin(await configOf(slack));
    const body = new URLSearchParams({ user: 'U0ASK' });
    for (const origin of ['http://evil.example', 'null']) {
      const answer = await open(url, { method: 'POST', body, headers: { origin } });
      expect([answer.status, answer.headers.get('location')]).toEqual([403, null]);
    }
    const own = await open(url, { method: 'POST', body, headers: { origin: slack.url } });
    expect(own.status).toBe(303);
    await expect(slack.signIn('http://evil.example/openid/connect/authorize', 'U0ASK')).rejects.toThrow(
      'not of this workspace',
    );
    expect((await open(`${slack.url}/openid/connect/other`)).status).toBe(404);
  });
});

test('outages: while Slack is down nothing answers, and a single method can fail', async () => {
  await using slack = await start();
  const config = await configOf(slack);
  const { url, checks } = await begin(config);
  const back = new URL(await slack.signIn(url, 'U0ASK'));
  slack.inject({ method: 'openid.connect.token', error: 'internal_error', times: 1 });
  expect(await trouble(oidc.authorizationCodeGrant(config, back, checks))).toMatchObject({
    cause: { cause: { body: { error: 'internal_error' } } },
  });
  slack.down(true);
  await expect(configOf(slack)).rejects.toThrow();
  await expect(slack.signIn(url, 'U0ASK')).rejects.toThrow('fetch failed');
  await expect(fetch(`${slack.url}/openid/connect/keys`)).rejects.toThrow('fetch failed');
  await expect(oidc.authorizationCodeGrant(config, back, checks)).rejects.toThrow();
  slack.down(false);
  expect((await oidc.authorizationCodeGrant(config, back, checks)).claims()?.sub).toBe('U0ASK');
});

test('from another process: sign-in, redirect URLs and bent tokens over HTTP', async () => {
  await using slack = await startSlack();
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${slack.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as { location?: string; error?: string } };
  };
  const config = await configOf(slack);
  const { url, checks } = await begin(config);
  expect(await post('/_human/sign-in', { user: 'U0ASK', url })).toMatchObject({ status: 409 });
  expect(await post('/_control/redirect-urls', { urls: ['data:,x'] })).toMatchObject({ status: 400 });
  expect(await post('/_control/redirect-urls', { urls: [callback] })).toMatchObject({ status: 200 });
  expect(await post('/_control/bend-id-token', { nonse: 'x' })).toMatchObject({ status: 400 });
  expect(await post('/_control/bend-id-token', { nonce: 'x' })).toMatchObject({ status: 200 });
  const { body } = await post('/_human/sign-in', { user: 'U0ASK', url });
  const back = new URL(body.location ?? '');
  expect(await trouble(oidc.authorizationCodeGrant(config, back, checks))).toMatchObject({
    code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  });
});
