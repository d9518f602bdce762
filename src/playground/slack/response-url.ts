/** The far end of a response URL: `POST /actions/...` or `/commands/...`, no token, the path is the secret. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyArgs } from './args.ts';
import type { Faults } from './faults.ts';
import { reply } from './replies.ts';
import type { Tickets } from './tickets.ts';
import { readBody } from './web-api.ts';
import { type JsonObject, SlackRefusal } from './wire.ts';
import type { Workspace } from './workspace.ts';

export type ResponseUrlDeps = {
  readonly workspace: Workspace;
  readonly tickets: Tickets;
  readonly faults: Faults;
};

export async function answerResponseUrl(
  { workspace, tickets, faults }: ResponseUrlDeps,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  if (faults.isDown()) return void request.socket.destroy();
  const text = await readBody(request);
  const fault = faults.hit('response_url', { channel: '', users: [] });
  if (fault?.hang) await faults.letGo();
  if (fault?.drop === 'request' || request.socket.destroyed) return void request.socket.destroy();
  const finish = (status: number, body: JsonObject): void => {
    if (fault?.drop === 'answer') return void request.socket.destroy();
    const headers = fault?.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
  if (fault?.retryAfter !== undefined) return finish(429, { ok: false, error: 'ratelimited' });
  if (fault?.status !== undefined) return finish(fault.status, { ok: false, error: 'fault' });
  if (fault?.error !== undefined) return finish(400, { ok: false, error: fault.error });
  try {
    const body = bodyArgs(request.headers['content-type'] ?? '', text);
    reply(workspace, tickets.spendResponse(url.pathname.split('/').at(-1) ?? ''), body);
    finish(200, { ok: true });
  } catch (error) {
    if (!(error instanceof SlackRefusal)) throw error;
    const gone = error.code === 'used_url' || error.code === 'expired_url';
    finish(gone ? 404 : 400, { ok: false, error: error.code });
  }
}
