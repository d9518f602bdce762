/**
 * Sign in with Slack outside the Web API: what the issuer publishes, and the page that people are sent to.
 *
 *   GET  /.well-known/openid-configuration   /openid/connect/keys
 *   GET  /openid/connect/authorize?…         the page; nothing is kept until somebody chooses
 *   POST /openid/connect/authorize?…         {user} or {cancel}: sends the browser back to the app
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isForeign } from '../local-http.ts';
import { readBody } from '../web-api.ts';
import { type JsonObject, SlackRefusal } from '../wire.ts';
import { type Authorization, readAuthorization } from './authorization.ts';
import { metadataOf, paths } from './metadata.ts';
import type { OpenId } from './openid.ts';
import { canSignIn } from './people.ts';
import { showRefusal, showSignIn } from './sign-in-page.ts';

export function isOpenIdPage(path: string): boolean {
  return path === paths.metadata || path.startsWith('/openid/');
}

export async function answerOpenIdPage(
  openId: OpenId,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  if (openId.isDown()) return void request.socket.destroy();
  const json = (body: JsonObject): void => {
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
  };
  switch (`${request.method} ${url.pathname}`) {
    case `GET ${paths.metadata}`:
      return json(metadataOf(openId.issuer()));
    case `GET ${paths.keys}`:
      return json(await openId.keys.published());
    case `GET ${paths.authorize}`:
    case `POST ${paths.authorize}`:
      return answerAuthorize(openId, request, response, url);
    default:
      return showRefusal(response, 404, 'not_found', 'Slack has no such page.');
  }
}

async function answerAuthorize(
  openId: OpenId,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  if (isForeign(request)) return showRefusal(response, 403, 'foreign_origin', 'Another page sent this form.');
  try {
    const asked = readAuthorization(openId, url.searchParams);
    if (request.method === 'GET') return showSignIn(response, openId.workspace, asked);
    const chosen = new URLSearchParams(await readBody(request));
    const answer = chosen.has('cancel')
      ? { error: 'access_denied' }
      : { code: codeFor(openId, asked, chosen.get('user') ?? '') };
    response.writeHead(303, { location: wayBack(asked, answer), 'cache-control': 'no-store' }).end();
  } catch (error) {
    if (!(error instanceof SlackRefusal)) throw error;
    showRefusal(response, 400, error.code, String(error.extra.shown ?? error.code));
  }
}

/** The account is looked at when the choice arrives: it may have been deactivated since the page was shown. */
function codeFor(openId: OpenId, asked: Authorization, user: string): string {
  if (!canSignIn(openId.workspace, user))
    throw new SlackRefusal('user_not_found', { shown: 'That account can’t sign in to this workspace' });
  const { redirectUri, scopes, nonce, challenge } = asked;
  return openId.codes.issue({ user, scopes, redirectUri, nonce, challenge, at: openId.signingNow() });
}

function wayBack(asked: Authorization, answer: Readonly<Record<string, string>>): string {
  const url = new URL(asked.redirectUri);
  for (const [name, value] of Object.entries({ ...answer, state: asked.state }))
    url.searchParams.set(name, value);
  return url.href;
}
