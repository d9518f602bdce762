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
import { isReading, securityHeaders } from './answers.ts';

export type Readiness = { readonly ready: boolean; readonly checks: Readonly<Record<string, boolean>> };

export type WebDoorDeps = {
  /** Absent in Socket Mode. */
  readonly slack?: RequestListener;
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: Registry;
  /** Answers whatever is left, if only that there is nothing here. Absent without Sign in with Slack. */
  readonly page?: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
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
  if (isReading(request) && (await tellOfOurselves(deps, pathname, response))) return;
  if (deps.page === undefined) return say(response, 404, 'nothing here');
  await deps.page(request, response);
}

/** What machines ask for, of whoever they are. */
async function tellOfOurselves(
  deps: WebDoorDeps,
  pathname: string,
  response: ServerResponse,
): Promise<boolean> {
  switch (pathname) {
    case '/healthz':
      say(response, 200, 'alive');
      return true;
    case '/readyz': {
      const readiness = await deps.readiness();
      const headers = { ...securityHeaders(), 'content-type': 'application/json' };
      response.writeHead(readiness.ready ? 200 : 503, headers);
      response.end(JSON.stringify(readiness));
      return true;
    }
    case '/metrics':
      response.writeHead(200, { ...securityHeaders(), 'content-type': deps.metrics.contentType });
      response.end(await deps.metrics.metrics());
      return true;
    default:
      return false;
  }
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...securityHeaders(), 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}
