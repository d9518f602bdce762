/**
 * What `doctor` asks of Sign in with Slack, as far as it goes without a person: does the issuer say what the client needs,
 * are there keys, does Slack take the client's id and secret? Changes nothing; the secret goes where a sign-in sends it,
 * and into no finding.
 */
import { z } from 'zod';
import type { SignInDeps } from './sign-in.ts';

export type WebFinding = {
  readonly check: string;
  readonly ok: boolean;
  readonly says: string;
  readonly remedy?: string;
};

/** Milliseconds for each answer. */
export const answerMs = 10_000;

type Client = Pick<SignInDeps, 'clientId' | 'clientSecret' | 'issuer'>;

/** Never throws. */
export async function checkSignIn(client: Client): Promise<readonly WebFinding[]> {
  const found = await discover(client.issuer);
  if ('says' in found) {
    const remedy = 'SLACK_API_URL is https://slack.com/api/ unless you know better: its origin is the issuer';
    return [{ check: 'sign-in issuer', ok: false, says: found.says, remedy }];
  }
  const parts = await Promise.all([
    checkKeys(found.metadata.jwks_uri),
    checkClient(client, found.metadata.token_endpoint),
  ]);
  return [{ check: 'sign-in issuer', ok: true, says: client.issuer }, ...parts];
}

/** Why a request got no answer, in a word. */
export function whyNoAnswer(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `nothing within ${answerMs / 1000} s`;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return code ?? (cause instanceof Error ? cause.message : error.message);
}

/** Where the members are left out, OpenID Connect Discovery 1.0 (3) gives their defaults; a secret in a form is none. */
function metadataSchema(issuer: string) {
  const mayBeClear = issuer.startsWith('http:');
  const address = z
    .url()
    .refine((text) => text.startsWith('https:') || (mayBeClear && text.startsWith(`${issuer}/`)));
  const listing = (needed: string) => z.array(z.string()).refine((list) => list.includes(needed));
  return z.looseObject({
    authorization_endpoint: address,
    token_endpoint: address,
    jwks_uri: address,
    response_types_supported: listing('code'),
    id_token_signing_alg_values_supported: listing('RS256'),
    token_endpoint_auth_methods_supported: listing('client_secret_post'),
  });
}

type Metadata = z.output<ReturnType<typeof metadataSchema>>;

async function discover(
  issuer: string,
): Promise<{ readonly metadata: Metadata } | { readonly says: string }> {
  const address = `${issuer}/.well-known/openid-configuration`;
  const answer = await jsonAt(address);
  if ('says' in answer) return answer;
  const said = z.looseObject({ issuer: z.string() }).safeParse(answer.json);
  if (!said.success) return { says: `${address} is no discovery document` };
  if (said.data.issuer !== issuer) return { says: `${issuer} says that it is ${said.data.issuer}` };
  const { data, error } = metadataSchema(issuer).safeParse(answer.json);
  if (data !== undefined) return { metadata: data };
  const names = [...new Set(error.issues.map(({ path }) => String(path[0])))];
  return { says: `${address} is not usable in ${names.join(', ')}` };
}

async function checkKeys(address: string): Promise<WebFinding> {
  const check = 'sign-in keys';
  const remedy = 'without them no token can be verified, and nobody gets in: ask Slack';
  const answer = await jsonAt(address);
  if ('says' in answer) return { check, ok: false, says: answer.says, remedy };
  const keys = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })) }).safeParse(answer.json);
  const count = keys.data?.keys.filter(({ kty }) => kty === 'RSA').length ?? 0;
  return count === 0
    ? { check, ok: false, says: `${address} has no RSA key`, remedy }
    : { check, ok: true, says: `${count} for RS256` };
}

/** By a code that was never given out: Slack says whether it was the client or the code that it does not know. */
async function checkClient({ clientId, clientSecret }: Client, endpoint: string): Promise<WebFinding> {
  const check = 'sign-in client';
  const answer = await jsonAt(endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'authorization_code',
      code: 'made-up-by-doctor',
    }),
  });
  if ('says' in answer)
    return { check, ok: false, says: answer.says, remedy: 'look at the way out of this host' };
  const { error } = z.looseObject({ error: z.string() }).catch({ error: '' }).parse(answer.json);
  const wrong = wrongPart.get(error);
  return wrong === undefined
    ? { check, ok: true, says: 'Slack takes id and secret, as far as a made-up code can tell' }
    : { check, ok: false, says: `Slack says ${error}`, remedy: `set ${wrong}` };
}

const place = 'in "Basic Information" in your Slack app\'s settings';
const wrongPart: ReadonlyMap<string, string> = new Map([
  ['invalid_client_id', `SLACK_CLIENT_ID to the client id ${place}`],
  ['bad_client_secret', `SLACK_CLIENT_SECRET to the client secret ${place}`],
]);

async function jsonAt(
  address: string,
  init: RequestInit = {},
): Promise<{ readonly json: unknown } | { readonly says: string }> {
  try {
    const signal = AbortSignal.timeout(answerMs);
    const response = await fetch(address, { ...init, redirect: 'error', signal });
    if (!response.ok) return { says: `${address} answers ${response.status}` };
    const text = await response.text();
    try {
      return { json: JSON.parse(text) };
    } catch {
      return { json: undefined };
    }
  } catch (error) {
    return { says: `${address} does not answer: ${whyNoAnswer(error)}` };
  }
}
