/**
 * A Slack workspace on this machine: start it, point `SLACK_API_URL` at `apiUrl`, and an unchanged Bolt app talks to
 * it. Everything is in memory and gone with the process. It listens on loopback only and trusts whoever reaches it: the
 * human's side has no sign-in, since the playground shows everyone's side at once.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Change, createWatchers, waitFor } from './changes.ts';
import { answerControl } from './control.ts';
import { type Courier, createCourier } from './delivery.ts';
import { createFaults, type Fault } from './faults.ts';
import { createHuman, type Human } from './human.ts';
import { answerHuman } from './human-http.ts';
import { createRates, type RateLimit } from './rates.ts';
import { answerResponseUrl } from './response-url.ts';
import { type Manifest, manifestSchema, type Seed, seedSchema } from './seed.ts';
import { createSocketMode } from './socket-mode.ts';
import { createTickets } from './tickets.ts';
import { answerApi, type CallRecord, type TokenState, type WebApi } from './web-api.ts';
import type { Channel, Person, UserGroup } from './wire.ts';
import { amend, createWorkspace, type Workspace } from './workspace.ts';

export type LookalikeOptions = {
  readonly seed?: Seed | undefined;
  /** The app's manifest: its bot scopes are enforced; if it lists slash commands, only those exist. */
  readonly manifest: Manifest;
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** The workspace's clock, epoch milliseconds: timestamps, triggers, response URLs, rates. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** The clock of signatures. Default `Date.now`, which is what Bolt compares with. */
  readonly signingNow?: (() => number) | undefined;
  /** Real milliseconds that the app has to acknowledge. Default 3,000, as in Slack. */
  readonly ackTimeoutMs?: number | undefined;
  /** Messages per channel; `slackRate` is Slack's. Default: no limit. */
  readonly rateLimit?: RateLimit | undefined;
  readonly requestUrl?: string | undefined;
  readonly botToken?: string | undefined;
  readonly appToken?: string | undefined;
  readonly signingSecret?: string | undefined;
  /** Serves what the look-alike does not: a page on the same origin. Returns whether it answered. */
  readonly handle?:
    | ((request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>)
    | undefined;
};

export type SlackLookalike = AsyncDisposable & {
  /** `http://127.0.0.1:PORT`, no slash at the end. */
  readonly url: string;
  /** What `SLACK_API_URL` takes. */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly signingSecret: string;
  readonly workspace: Workspace;
  readonly human: Human;
  readonly setRequestUrl: (url: string | undefined) => void;
  readonly deliverRaw: Courier['deliverRaw'];
  readonly replay: Courier['replay'];
  readonly lastDelivery: Courier['lastDelivery'];
  readonly inject: (fault: Fault) => void;
  /** Ends all injected faults and lets hanging calls go on. */
  readonly clearFaults: () => void;
  /** All of Slack away: calls are cut, sockets dropped, nobody's act is delivered. */
  readonly down: (down: boolean) => void;
  readonly setTokenState: (state: TokenState) => void;
  readonly sockets: () => number;
  /** Asks Socket Mode connections to reconnect, or cuts them without a word. */
  readonly disconnectSockets: (how?: 'ask' | 'cut') => void;
  /** Changes a person, channel or user group, as an admin would. */
  readonly amend: (id: string, patch: Partial<Person & Channel & UserGroup>) => void;
  /** Web API calls so far, by method. */
  readonly counts: () => Readonly<Record<string, number>>;
  /** The last 2,000 calls, oldest first. */
  readonly calls: (method?: string) => readonly CallRecord[];
  /** Returns the function that stops the listening. */
  readonly onChange: (listener: (change: Change) => void) => () => void;
  /** Waits until `look` finds something, looking now and after each change; default 5 s, then rejects. */
  readonly waitFor: <T>(look: () => T | undefined | null | false, timeoutMs?: number) => Promise<T>;
};

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
  let tokenState: TokenState = 'active';
  const counts: Record<string, number> = {};
  const calls: CallRecord[] = [];
  const api: WebApi = {
    workspace,
    tickets,
    faults,
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
    workspace,
    human,
    setRequestUrl: courier.setRequestUrl,
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
      socket.cut();
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
    if (url.pathname.startsWith('/_human/')) return answerHuman(lookalike, request, response, url);
    if (url.pathname.startsWith('/_control/')) return answerControl(lookalike, request, response, url);
    if (await options.handle?.(request, response)) return;
    response.writeHead(404, { 'content-type': 'text/plain' }).end('the look-alike knows no such page');
  }
  return lookalike;
}
