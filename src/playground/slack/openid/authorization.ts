/**
 * Reads an authorisation request. Client and redirect come first: until both are known to fit, there is nowhere to send
 * the browser. Whatever else is wrong is shown on a page as well, never sent to the app. The words for a wrong client or
 * redirect are those that Slack shows; the others are ours, for what Slack says there is not documented.
 */
import { SlackRefusal } from '../wire.ts';
import type { OpenId } from './openid.ts';
import { isRegistered } from './redirect-urls.ts';

export type Authorization = {
  readonly redirectUri: string;
  readonly scopes: ReadonlySet<string>;
  /** Empty where the request had none; given back all the same, as Slack does. */
  readonly state: string;
  readonly nonce: string;
  readonly challenge: string | undefined;
};

const knownScopes = new Set(['openid', 'profile', 'email']);

/** Throws {@link SlackRefusal} with the sentence for the page in `shown`. */
export function readAuthorization(openId: OpenId, query: URLSearchParams): Authorization {
  const twice = [...query.keys()].find((name) => query.getAll(name).length > 1);
  if (twice !== undefined) throw refusal('invalid_arguments', `${twice} stands more than once`);
  if (query.get('client_id') !== openId.clientId)
    throw refusal('invalid_client_id', 'Invalid client_id parameter');
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!isRegistered(redirectUri, openId.redirectUrls()))
    throw refusal(
      'bad_redirect_uri',
      `redirect_uri did not match any configured URIs. Passed URI: ${redirectUri}`,
    );
  if (query.get('response_type') !== 'code')
    throw refusal('invalid_response_type', 'response_type must be code');
  const team = query.get('team') ?? '';
  if (team !== '' && team !== openId.workspace.team.id)
    throw refusal('invalid_team_for_non_distributed_app', `The app is not installed in ${team}`);
  return {
    redirectUri,
    scopes: readScopes(query),
    state: query.get('state') ?? '',
    nonce: query.get('nonce') ?? '',
    challenge: readChallenge(query),
  };
}

/** Separated by spaces, as OpenID Connect has it, or by commas, as Slack's other scopes are. */
function readScopes(query: URLSearchParams): ReadonlySet<string> {
  const scopes = new Set((query.get('scope') ?? '').split(/[ ,]+/).filter((name) => name !== ''));
  const unknown = [...scopes].find((name) => !knownScopes.has(name));
  if (unknown !== undefined) throw refusal('invalid_scope', `Invalid permissions requested: ${unknown}`);
  if (!scopes.has('openid')) throw refusal('invalid_scope', 'scope must hold openid');
  return scopes;
}

/** S256 is the only method that Slack knows, and it must be named: RFC 7636 takes a missing one for `plain`. */
function readChallenge(query: URLSearchParams): string | undefined {
  const challenge = query.get('code_challenge');
  const method = query.get('code_challenge_method');
  if (challenge === null && method === null) return undefined;
  if (challenge === null || method !== 'S256' || !/^[A-Za-z0-9_-]{43}$/.test(challenge))
    throw refusal('invalid_code_challenge', 'code_challenge must be 43 characters, its method S256');
  return challenge;
}

function refusal(code: string, shown: string): SlackRefusal {
  return new SlackRefusal(code, { shown });
}
