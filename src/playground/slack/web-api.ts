/**
 * One Web API call from HTTP to answer: fault, token, scope, rate, method. Slack answers nearly everything with 200
 * and says `ok: false`; only the rate limit and outages have a status of their own. The methods of Sign in with Slack
 * know their callers by other means than the workspace's tokens, and do that themselves.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { argsOf, bodyArgs } from './args.ts';
import type { Fault, Faults } from './faults.ts';
import type { Call } from './methods/method.ts';
import { methods } from './methods/table.ts';
import { type OpenIdCall, type OpenIdMethod, openIdMethods } from './openid/methods.ts';
import type { OpenId } from './openid/openid.ts';
import type { Rates } from './rates.ts';
import type { Tickets } from './tickets.ts';
import { type JsonObject, SlackRefusal } from './wire.ts';
import type { Workspace } from './workspace.ts';

export type TokenState = 'active' | 'account_inactive' | 'token_revoked';

/** One call as it was answered; kept for tests to look at. Tokens and other secrets are left out. */
export type CallRecord = {
  readonly method: string;
  readonly args: JsonObject;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly error?: string | undefined;
};

export type WebApi = {
  readonly workspace: Workspace;
  readonly tickets: Tickets;
  readonly faults: Faults;
  readonly openId: OpenId;
  readonly rates: Rates;
  readonly botToken: string;
  readonly appToken: string;
  readonly tokenState: () => TokenState;
  readonly scopes: ReadonlySet<string>;
  readonly socketUrl: () => string;
  readonly origin: () => string;
  readonly record: (call: CallRecord) => void;
};

/** Arguments that no record of a call holds. */
const secrets = ['client_secret', 'code', 'code_verifier'];

type Answer = {
  readonly status: number;
  readonly body: JsonObject | string;
  readonly headers?: Record<string, string>;
};

export async function answerApi(
  api: WebApi,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const name = url.pathname.replace(/^\/api\//, '').replace(/\/$/, '');
  if (api.faults.isDown()) return void request.socket.destroy();
  const text = await readBody(request);
  let raw: JsonObject = Object.fromEntries(url.searchParams);
  let unreadable: SlackRefusal | undefined;
  try {
    if (text !== '') raw = { ...raw, ...bodyArgs(request.headers['content-type'] ?? '', text) };
  } catch (error) {
    if (!(error instanceof SlackRefusal)) throw error;
    unreadable = error;
  }
  const { token, ...args } = raw;
  const { authorization = '' } = request.headers;
  const bearer = /^Bearer (.+)$/.exec(authorization)?.[1] ?? (typeof token === 'string' ? token : undefined);
  const fault = api.faults.hit(name, namesIn(api, args));
  if (fault?.hang) await api.faults.letGo();
  if (fault?.drop === 'request' || request.socket.destroyed) return void request.socket.destroy();
  const openIdMethod = openIdMethods.get(name);
  const answer =
    faultAnswer(fault) ??
    (unreadable
      ? refused(unreadable)
      : openIdMethod
        ? await decideOpenId(api.openId, openIdMethod, { args: argsOf(args), authorization, bearer })
        : decide(api, name, bearer, args));
  const error = typeof answer.body === 'string' ? String(answer.status) : answer.body.error;
  api.record({
    method: name,
    args: Object.fromEntries(Object.entries(args).filter(([key]) => !secrets.includes(key))),
    at: api.workspace.now(),
    ...(typeof error === 'string' ? { error } : {}),
  });
  if (fault?.drop === 'answer') return void request.socket.destroy();
  const plain = typeof answer.body === 'string';
  response.writeHead(answer.status, {
    'content-type': plain ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
    'x-oauth-scopes': bearer === api.appToken ? 'connections:write' : [...api.scopes].join(','),
    'x-slack-req-id': api.workspace.nextId('req'),
    ...answer.headers,
  });
  response.end(plain ? answer.body : JSON.stringify(answer.body));
}

async function decideOpenId(openId: OpenId, method: OpenIdMethod, call: OpenIdCall): Promise<Answer> {
  try {
    return { status: 200, body: { ok: true, ...(await method(openId, call)) } };
  } catch (error) {
    if (error instanceof SlackRefusal) return refused(error);
    throw error;
  }
}

function decide(api: WebApi, name: string, bearer: string | undefined, raw: JsonObject): Answer {
  const method = methods.get(name);
  if (!method) return refused(new SlackRefusal('unknown_method', { req_method: name }));
  if (bearer === undefined) return refused(new SlackRefusal('not_authed'));
  const kind = bearer === api.botToken ? 'bot' : bearer === api.appToken ? 'app' : undefined;
  if (!kind) return refused(new SlackRefusal('invalid_auth'));
  const state = api.tokenState();
  if (state !== 'active') return refused(new SlackRefusal(state));
  if (method.token !== 'any' && method.token !== kind)
    return refused(new SlackRefusal('not_allowed_token_type'));
  const scopes = kind === 'app' ? new Set(['connections:write']) : api.scopes;
  const call: Call = { ...api, args: argsOf(raw), scopes, origin: api.origin() };
  try {
    const needed = method.scopes(call);
    if (needed.length > 0 && !needed.some((scope) => scopes.has(scope)))
      throw new SlackRefusal('missing_scope', { needed: needed.join(','), provided: [...scopes].join(',') });
    if (name === 'chat.postMessage') {
      const wait = api.rates.take(call.args.text('channel') ?? '');
      if (wait !== undefined) return limited(wait);
    }
    return { status: 200, body: { ok: true, ...method.run(call) } };
  } catch (error) {
    if (error instanceof SlackRefusal) return refused(error);
    throw error;
  }
}

function refused(refusal: SlackRefusal): Answer {
  return { status: 200, body: { ok: false, error: refusal.code, ...refusal.extra } };
}

function limited(seconds: number): Answer {
  return {
    status: 429,
    body: { ok: false, error: 'ratelimited' },
    headers: { 'retry-after': String(seconds) },
  };
}

function faultAnswer(fault: Fault | undefined): Answer | undefined {
  if (fault?.retryAfter !== undefined) return limited(fault.retryAfter);
  if (fault?.status !== undefined) return { status: fault.status, body: 'the look-alike was told to fail' };
  if (fault?.error !== undefined) return refused(new SlackRefusal(fault.error));
  return undefined;
}

/** The channel and the people that a call names; direct messages name their person. */
function namesIn(api: WebApi, raw: JsonObject): { channel: string; users: readonly string[] } {
  const args = argsOf(raw);
  const channel = args.text('channel') ?? '';
  const direct = api.workspace.channels.get(channel);
  const peers = direct?.kind === 'im' ? direct.members : [];
  return { channel, users: [channel, ...args.list('user'), ...args.list('users'), ...peers] };
}

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
