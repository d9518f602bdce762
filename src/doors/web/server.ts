/**
 * The HTTP door: Slack's requests, health, metrics, and the pages behind it. A request signed with a time from the
 * future is refused here; Bolt itself refuses only old ones.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { addressOf } from './address.ts';
import { securityHeaders } from './answers.ts';

export type Readiness = { readonly ready: boolean; readonly checks: Readonly<Record<string, boolean>> };

export type WebDoorDeps = {
  /** Absent in Socket Mode. */
  readonly slack?: RequestListener;
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: Registry;
  /** Answers what is a page's, and says whether it did. Absent without Sign in with Slack. */
  readonly page?: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;
  readonly now: () => number;
  readonly log: Pick<Logger, 'warn' | 'error'>;
};

/** Seconds by which a signed time may be ahead of ours. */
const aheadMax = 300;

export function webDoor(deps: WebDoorDeps): Server {
  return createServer((request, response) => {
    route(deps, request, response).catch((error: unknown) => {
      deps.log.error({ err: error }, 'a web request failed');
      if (response.headersSent) response.destroy();
      else say(response, 500, 'something failed');
    });
  });
}

async function route(deps: WebDoorDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pathname = addressOf(request)?.pathname;
  if (pathname === undefined) return say(response, 400, 'no such address');
  if (pathname === '/slack/events' && deps.slack !== undefined) {
    const signedAt = Number(request.headers['x-slack-request-timestamp']);
    if (signedAt > deps.now() / 1_000 + aheadMax) {
      deps.log.warn('a Slack request signed with a time from the future was refused');
      return say(response, 401, 'signed with a time from the future');
    }
    deps.slack(request, response);
    return;
  }
  if (await deps.page?.(request, response)) return;
  if (request.method !== 'GET' && request.method !== 'HEAD') return say(response, 404, 'nothing here');
  switch (pathname) {
    case '/healthz':
      return say(response, 200, 'alive');
    case '/readyz': {
      const readiness = await deps.readiness();
      const headers = { ...securityHeaders(), 'content-type': 'application/json' };
      response.writeHead(readiness.ready ? 200 : 503, headers);
      response.end(JSON.stringify(readiness));
      return;
    }
    case '/metrics':
      response.writeHead(200, { ...securityHeaders(), 'content-type': deps.metrics.contentType });
      response.end(await deps.metrics.metrics());
      return;
    default:
      return say(response, 404, 'nothing here');
  }
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...securityHeaders(), 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}
