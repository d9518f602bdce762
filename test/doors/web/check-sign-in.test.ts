/** What `doctor` finds of Sign in with Slack, against the look-alike and what may be wrong with an issuer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkSignIn, type WebFinding } from '../../../src/doors/web/check-sign-in.ts';
import { type SlackLookalike, startSlackLookalike } from '../../../src/playground/slack/lookalike.ts';
import { metadataOf } from '../../../src/playground/slack/openid/metadata.ts';
import { passOn, type Standing, serving } from '../../support/pass-on.ts';
import { freePort } from '../../support/redis-server.ts';

let slack: SlackLookalike;
beforeAll(async () => {
  slack = await startSlackLookalike({ manifest: {} });
});
afterAll(() => slack[Symbol.asyncDispose]());

const metadata = '/.well-known/openid-configuration';
type Said = Readonly<Record<string, readonly [status: number, body: unknown]>>;

/** Slack, but for what it says at some of its addresses. */
async function slackThatSays(said: (url: string) => Said): Promise<Standing> {
  let url = '';
  const through = passOn(slack.url);
  const standing = await serving((asked, response) => {
    const own = said(url)[asked.url ?? ''];
    if (own === undefined) return through(asked, response);
    const [status, body] = own;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  url = standing.url;
  return standing;
}

async function found(change: { issuer?: string; clientId?: string; clientSecret?: string } = {}) {
  const { url: issuer, clientId, clientSecret } = slack;
  const findings = await checkSignIn({ issuer, clientId, clientSecret, ...change });
  expect(JSON.stringify(findings)).not.toContain(change.clientSecret ?? clientSecret);
  return findings;
}

const wrongOnes = (findings: readonly WebFinding[]): readonly WebFinding[] =>
  findings.filter(({ ok }) => !ok);

describe('of the issuer', () => {
  it('all is well where it says what is needed', async () => {
    expect(await found()).toEqual([
      { check: 'sign-in issuer', ok: true, says: slack.url },
      { check: 'sign-in keys', ok: true, says: '1 for RS256' },
      {
        check: 'sign-in client',
        ok: true,
        says: 'Slack takes id and secret, as far as a made-up code can tell',
      },
    ]);
  });

  it.each<[string, (url: string) => readonly [number, unknown], RegExp]>([
    ['is not there', () => [404, {}], /configuration answers 404$/],
    ['is elsewhere', () => [500, 'x'], /configuration answers 500$/],
    ['is no JSON', () => [200, '<html>'], /configuration is no discovery document$/],
    ['is no object', () => [200, []], /configuration is no discovery document$/],
    [
      'is of another issuer',
      () => [200, metadataOf('https://slack.example')],
      /^http:\/\/127\.0\.0\.1:\d+ says that it is https:\/\/slack\.example$/,
    ],
    [
      'lacks what is needed',
      (url) => [
        200,
        { ...metadataOf(url), token_endpoint: undefined, jwks_uri: 7, authorization_endpoint: 'x' },
      ],
      /is not usable in authorization_endpoint, token_endpoint, jwks_uri$/,
    ],
    [
      'would have the secret sent in the clear',
      (url) => [200, { ...metadataOf(url), token_endpoint: 'http://slack.example/token' }],
      /is not usable in token_endpoint$/,
    ],
    [
      'knows neither codes, nor RS256, nor a secret in a form',
      (url) => [
        200,
        {
          ...metadataOf(url),
          response_types_supported: ['token'],
          id_token_signing_alg_values_supported: ['HS256'],
          token_endpoint_auth_methods_supported: undefined,
        },
      ],
      /in response_types_supported, id_token_signing_alg_values_supported, token_endpoint_auth_methods_supported$/,
    ],
  ])('a discovery document that %s is found, and asked no further', async (_what, document, says) => {
    const asked: string[] = [];
    await using other = await slackThatSays((url) => {
      asked.push(url);
      return { [metadata]: document(url) };
    });
    expect(await found({ issuer: other.url })).toEqual([
      {
        check: 'sign-in issuer',
        ok: false,
        says: expect.stringMatching(says),
        remedy: expect.stringContaining('SLACK_API_URL'),
      },
    ]);
    expect(asked).toHaveLength(1);
  });

  it('one that is away is found', async () => {
    const issuer = `http://127.0.0.1:${await freePort()}`;
    const [finding] = await found({ issuer });
    expect(finding).toMatchObject({ ok: false, says: `${issuer}${metadata} does not answer: ECONNREFUSED` });
  });

  it.each<[string, readonly [number, unknown], RegExp]>([
    ['none of RSA', [200, { keys: [{ kty: 'EC' }] }], /keys has no RSA key$/],
    ['no list', [200, {}], /keys has no RSA key$/],
    ['not there', [404, {}], /keys answers 404$/],
  ])('keys that are %s are found', async (_what, keys, says) => {
    await using other = await slackThatSays((url) => ({
      [metadata]: [200, metadataOf(url)],
      '/openid/connect/keys': keys,
    }));
    expect(wrongOnes(await found({ issuer: other.url }))).toMatchObject([
      { check: 'sign-in keys', says: expect.stringMatching(says), remedy: expect.stringMatching(/\S/) },
    ]);
  });
});

describe('of the client', () => {
  it.each([
    ['id', { clientId: '1.2' }, 'invalid_client_id', 'SLACK_CLIENT_ID to the client id'],
    [
      'secret',
      { clientSecret: 'not-this-one' },
      'bad_client_secret',
      'SLACK_CLIENT_SECRET to the client secret',
    ],
  ])('an %s that Slack does not know is found', async (_what, change, said, remedy) => {
    expect(wrongOnes(await found(change))).toMatchObject([
      { check: 'sign-in client', says: `Slack says ${said}`, remedy: expect.stringContaining(remedy) },
    ]);
  });

  it('no answer is found', async () => {
    await using other = await slackThatSays((url) => ({
      [metadata]: [200, metadataOf(url)],
      '/api/openid.connect.token': [503, ''],
    }));
    expect(wrongOnes(await found({ issuer: other.url }))).toMatchObject([
      { check: 'sign-in client', says: expect.stringMatching(/openid\.connect\.token answers 503$/) },
    ]);
  });
});
