/**
 * A Slack workspace on this machine: start it, point `SLACK_API_URL` at `apiUrl`, and an unchanged Bolt app talks to
 * it. Everything is in memory and gone with the process. It listens on loopback only and trusts whoever reaches it: the
 * human's side has no sign-in, since the playground shows everyone's side at once; Sign in with Slack (openid/) lets
 * whoever opens its page be anybody.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createWatchers, waitFor } from './changes.ts';
import type { LookalikeOptions, SlackLookalike } from './contract.ts';
import { answerControl } from './control.ts';
import { createCourier } from './delivery.ts';
import { createFaults } from './faults.ts';
import { createHuman } from './human.ts';
import { answerHuman } from './human-http.ts';
import { createOpenId } from './openid/openid.ts';
import { answerOpenIdPage, isOpenIdPage } from './openid/pages.ts';
import { signInAs } from './openid/sign-in.ts';
import { createRates } from './rates.ts';
import { answerResponseUrl } from './response-url.ts';
import { manifestSchema, seedSchema } from './seed.ts';
import { createSocketMode } from './socket-mode.ts';
import { createTickets } from './tickets.ts';
import { answerApi, type CallRecord, type TokenState, type WebApi } from './web-api.ts';
import { amend, createWorkspace } from './workspace.ts';

/** Here too, beside the function that gives them. */
export type { LookalikeOptions, SlackLookalike };

const keptCalls = 2_000;

export async function startSlackLookalike(options: LookalikeOptions): Promise<SlackLookalike> {
  const seed = seedSchema.parse(options.seed ?? {});
  const manifest = manifestSchema.parse(options.manifest);
  const now = options.now ?? Date.now;
  const botToken = options.botToken ?? `xoxb-${randomBytes(18).toString('hex')}`;
  const appToken = options.appToken ?? `xapp-1-${seed.app.id}-${randomBytes(18).toString('hex')}`;
  const signingSecret = options.signingSecret ?? randomBytes(16).toString('hex');

  const watchers = createWatchers();
  const workspace = createWorkspace(seed, watchers, now);
  const tickets = createTickets(now);
  const faults = createFaults();
  const socket = createSocketMode(seed.app.id, watchers);
  const courier = createCourier({
    signingSecret,
    socket,
    ackTimeoutMs: options.ackTimeoutMs ?? 3_000,
    isDown: faults.isDown,
    signingNow: options.signingNow ?? Date.now,
  });
  courier.setRequestUrl(options.requestUrl);

  let origin = '';
  const openId = createOpenId({
    workspace,
    origin: () => origin,
    isDown: faults.isDown,
    signingNow: options.signingNow ?? Date.now,
    redirectUrls: manifest.oauth_config?.redirect_urls ?? [],
    clientId: options.clientId,
    clientSecret: options.clientSecret,
  });
  let tokenState: TokenState = 'active';
  const counts: Record<string, number> = {};
  const calls: CallRecord[] = [];
  const api: WebApi = {
    workspace,
    tickets,
    faults,
    openId,
    botToken,
    appToken,
    rates: createRates(options.rateLimit, now),
    scopes: new Set(manifest.oauth_config?.scopes.bot ?? []),
    tokenState: () => tokenState,
    socketUrl: () => `${origin.replace('http', 'ws')}${socket.issuePath()}`,
    origin: () => origin,
    record: (call) => {
      counts[call.method] = (counts[call.method] ?? 0) + 1;
      calls.push(call);
      if (calls.length > keptCalls) calls.shift();
      watchers.tell({ kind: 'call', method: call.method, ...(call.error ? { error: call.error } : {}) });
    },
  };
  const human = createHuman({
    workspace,
    tickets,
    courier,
    origin: () => origin,
    commands: manifest.features?.slash_commands?.map(({ command }) => command),
    interactive: manifest.settings?.interactivity?.is_enabled !== false,
  });

  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(error instanceof Error ? error.message : 'the look-alike failed');
    });
  });
  server.on('upgrade', (request, stream, head) => {
    if (faults.isDown()) stream.destroy();
    else socket.upgrade(request, stream, head);
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  await listening;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the look-alike has no port');
  origin = `http://${options.host ?? '127.0.0.1'}:${address.port}`;

  const lookalike: SlackLookalike = {
    url: origin,
    apiUrl: `${origin}/api/`,
    botToken,
    appToken,
    signingSecret,
    clientId: openId.clientId,
    clientSecret: openId.clientSecret,
    workspace,
    human,
    setRequestUrl: courier.setRequestUrl,
    setRedirectUrls: openId.setRedirectUrls,
    signIn: (authorizeUrl, personId) => signInAs(origin, authorizeUrl, personId),
    bendIdToken: openId.bendIdToken,
    deliverRaw: courier.deliverRaw,
    replay: courier.replay,
    lastDelivery: courier.lastDelivery,
    inject: faults.inject,
    clearFaults: faults.clear,
    down: (down) => {
      faults.setDown(down);
      if (down) socket.cut();
    },
    setTokenState: (state) => {
      tokenState = state;
    },
    sockets: socket.connections,
    disconnectSockets: (how = 'ask') =>
      how === 'ask' ? socket.disconnect('refresh_requested') : socket.cut(),
    amend: (id, patch) => amend(workspace, id, patch),
    counts: () => ({ ...counts }),
    calls: (method) => calls.filter((call) => method === undefined || call.method === method),
    onChange: watchers.listen,
    waitFor: (look, timeoutMs) => waitFor(watchers, look, timeoutMs),
    [Symbol.asyncDispose]: async () => {
      faults.clear();
      await socket.close();
      const { promise, resolve: closed } = Promise.withResolvers<void>();
      server.close(() => closed());
      server.closeAllConnections();
      await promise;
    },
  };

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', origin);
    if (url.pathname.startsWith('/api/')) return answerApi(api, request, response, url);
    if (/^\/(actions|commands)\//.test(url.pathname)) return answerResponseUrl(api, request, response, url);
    if (isOpenIdPage(url.pathname)) return answerOpenIdPage(openId, request, response, url);
    if (url.pathname.startsWith('/_human/')) return answerHuman(lookalike, request, response, url);
    if (url.pathname.startsWith('/_control/')) return answerControl(lookalike, request, response, url);
    if (await options.handle?.(request, response)) return;
    response.writeHead(404, { 'content-type': 'text/plain' }).end('the look-alike knows no such page');
  }
  return lookalike;
}
