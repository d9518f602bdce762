/**
 * The strings behind the scene over HTTP, for tests that run the look-alike as a process of its own: outages, the
 * request URL, the directory, forged deliveries, sign-ins gone wrong, and what was called.
 *
 *   POST /_control/inject <Fault>   /clear   /down {down}   /request-url {url}   /amend {id, patch}   /token {state}
 *   POST /_control/deliver-raw {kind, payload, forgery}   /replay <Delivery>   /sockets {how}
 *   POST /_control/redirect-urls {urls}   /bend-id-token <Bend>
 *   GET  /_control/counts   /calls?method   /last-delivery   /sockets
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { SlackLookalike } from './contract.ts';
import { faultSchema } from './faults.ts';
import { answerRoutes, type Route, taking } from './local-http.ts';
import { bendSchema } from './openid/claims.ts';

const kind = z.enum(['command', 'interactive', 'event']);
const headers = z.record(z.string(), z.string());
const forgery = z.object({
  timestamp: z.number().exactOptional(),
  signature: z.string().exactOptional(),
  secret: z.string().exactOptional(),
  headers: headers.exactOptional(),
});

export async function answerControl(
  lookalike: SlackLookalike,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  return answerRoutes(routesOf(lookalike), request, response, url);
}

function routesOf(it: SlackLookalike): Readonly<Record<string, Route>> {
  return {
    'POST /_control/inject': taking(faultSchema, it.inject),
    'POST /_control/clear': () => it.clearFaults(),
    'POST /_control/down': taking(z.object({ down: z.boolean() }), (q) => it.down(q.down)),
    'POST /_control/request-url': taking(z.object({ url: z.string().optional() }), (q) =>
      it.setRequestUrl(q.url),
    ),
    'POST /_control/redirect-urls': taking(z.object({ urls: z.array(z.string()) }), (q) =>
      it.setRedirectUrls(q.urls),
    ),
    'POST /_control/bend-id-token': taking(bendSchema, it.bendIdToken),
    'POST /_control/amend': taking(
      z.object({ id: z.string(), patch: z.record(z.string(), z.unknown()) }),
      (q) => it.amend(q.id, q.patch),
    ),
    'POST /_control/token': taking(
      z.object({ state: z.enum(['active', 'account_inactive', 'token_revoked']) }),
      (q) => it.setTokenState(q.state),
    ),
    'POST /_control/deliver-raw': taking(
      z.object({
        kind,
        payload: z.union([z.string(), z.record(z.string(), z.unknown())]),
        forgery: forgery.optional(),
      }),
      (q) => it.deliverRaw(q.kind, q.payload, q.forgery),
    ),
    'POST /_control/replay': taking(
      z.object({ kind, via: z.enum(['http', 'socket']), headers, body: z.string() }),
      (q) => it.replay(q),
    ),
    'POST /_control/sockets': taking(z.object({ how: z.enum(['ask', 'cut']) }), (q) =>
      it.disconnectSockets(q.how),
    ),
    'GET /_control/sockets': () => it.sockets(),
    'GET /_control/counts': () => it.counts(),
    'GET /_control/calls': taking(z.object({ method: z.string().optional() }), (q) => it.calls(q.method)),
    'GET /_control/last-delivery': () => it.lastDelivery(),
  };
}
