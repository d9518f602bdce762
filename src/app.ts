/** The bot: what acts, joined with the doors through which the world comes in. What is opened last is closed first. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { queueNames, queuePrefix } from './adapters/bullmq/queues.ts';
import { connectRedis, hangUp } from './adapters/redis/connect.ts';
import { redisOnce } from './adapters/redis/once.ts';
import { type Assembly, assemble } from './assemble.ts';
import { startBackground } from './background.ts';
import type { Config } from './config.ts';
import { deriveKey } from './domain/keys.ts';
import { startWorkers } from './doors/jobs/workers.ts';
import { httpReceiver, openSlackDoor, socketReceiver } from './doors/slack/door.ts';
import { makeCookies } from './doors/web/cookies.ts';
import type { PagesDeps } from './doors/web/deps.ts';
import { answerPage } from './doors/web/pages.ts';
import { makeReading } from './doors/web/reading.ts';
import { webDoor } from './doors/web/server.ts';
import { slackSignIn } from './doors/web/sign-in.ts';
import { terminalSockets } from './doors/web/terminal-socket.ts';
import { makeAttempts } from './flow/attempts.ts';
import { makeAttendance } from './flow/attendance.ts';
import type { Flow } from './flow/deps.ts';
import { type Downloads, makeDownloads } from './flow/downloads.ts';
import { keepBrokers } from './flow/keep-brokers.ts';
import { makeSessions, type Sessions } from './flow/sessions.ts';
import { afterAnswers, makeForeground, timersAfterAnswers } from './foreground.ts';
import { makeMetrics } from './metrics.ts';

export type App = AsyncDisposable & {
  readonly port: number;
  /** Resolves when the process should end for its supervisor to start it anew, with the reason. */
  readonly mustRestart: Promise<string>;
};

export type AppOptions = {
  /** Least time between two messages in the audit channel: 1,000 ms for Slack. */
  readonly channelGapMs?: number;
};

export async function openApp(config: Config, log: Logger, options: AppOptions = {}): Promise<App> {
  const assembly = await assemble(config, log, { ...options, announce: true });
  const closers: (() => Promise<unknown>)[] = [async () => assembly[Symbol.asyncDispose]()];
  const close = async (): Promise<void> => {
    for (const one of closers.splice(0).reverse()) {
      await one().catch((error: unknown) => log.warn({ err: error }, 'closing'));
    }
  };
  try {
    return await openDoors(config, assembly, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function openDoors(
  config: Config,
  { flow, redis, timers, client, identity }: Assembly,
  closers: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<App> {
  const { log, clock, install } = flow;
  const { registry, sweeps } = makeMetrics(flow);
  const { events } = config.slack;
  const receiver =
    events.mode === 'http'
      ? httpReceiver(events.signingSecret)
      : socketReceiver(events.appToken, config.slack.apiUrl);
  const foreground = makeForeground();
  const slack = await openSlackDoor({
    flow: { ...flow, timers: timersAfterAnswers(flow.timers, foreground) },
    client,
    receiver,
    token: config.slack.botToken,
    team: async () => (await identity()).team,
    once: redisOnce(redis),
    answering: foreground.answering,
  });

  const answers = (question: Promise<unknown>): Promise<boolean> =>
    question.then(
      () => true,
      () => false,
    );
  const ping = (): Promise<boolean> => answers(redis.ping());
  const closing = new AbortController();
  const attendance = makeAttendance(flow, closing.signal);
  const brokers = keepBrokers(flow, attendance, (access, attempt) => {
    for (const session of sessions.of(access)) session.blocked(attempt);
  });
  closers.push(async () => {
    closing.abort();
    await brokers.close('the bot is stopping');
  });
  const background = startBackground({
    flow,
    sendBeat: timers.beat,
    ping,
    sweeps,
    sweepBrokers: brokers.sweep,
  });
  closers.push(async () => background[Symbol.asyncDispose]());
  const sessions = makeSessions(flow, attendance, brokers.keep);
  const downloads = makeDownloads(flow, attendance);
  const readiness = async () => {
    const [redisAnswers, slackAnswers] = await Promise.all([ping(), answers(identity())]);
    const checks = { redis: redisAnswers, slack: slackAnswers, queue: background.queueAlive() };
    return { ready: Object.values(checks).every(Boolean), checks };
  };
  const pages = openPages(config, flow, { sessions, downloads }, async () => (await identity()).team);
  const web = webDoor({
    ...('requestListener' in receiver ? { slack: receiver.requestListener } : {}),
    ...(pages === undefined ? {} : { page: (request, response) => answerPage(pages, request, response) }),
    readiness,
    metrics: registry,
    now: clock.now,
    log,
  });
  if (pages !== undefined) {
    const sockets = terminalSockets(pages);
    web.on('upgrade', (request, stream, head) => {
      if (!sockets.upgrade(request, stream, head)) stream.destroy();
    });
    closers.push(async () => {
      // Whoever looks on is told in words before the connection goes.
      await sessions.close('the bot is stopping; open the terminal again in a moment');
      sockets.close();
    });
  }
  web.listen(config.web.port);
  await once(web, 'listening');
  closers.push(async () => {
    web.closeAllConnections();
    web.close();
  });
  if (events.mode === 'socket') {
    const giveUp = new AbortController();
    keepTrying(
      giveUp.signal,
      () => slack.start(),
      (error) => log.warn({ err: error }, 'Socket Mode cannot connect; trying again'),
    );
    closers.push(async () => {
      giveUp.abort();
      await slack.stop();
    });
  }

  const workerConnections: ReturnType<typeof connectRedis>[] = [];
  const workers = startWorkers(
    { ...flow, notices: afterAnswers(flow.notices, foreground) },
    {
      queues: queueNames,
      prefix: queuePrefix,
      connect: () => {
        const connection = connectRedis(config.redis.url, 'patient');
        workerConnections.push(connection);
        return connection;
      },
      onBeat: async () => background.beat(),
    },
  );
  closers.push(async () => {
    await workers[Symbol.asyncDispose]();
    for (const connection of workerConnections) hangUp(connection);
  });

  const address = web.address() as AddressInfo;
  log.info({ port: address.port, install }, 'ready');
  return { port: address.port, mustRestart: background.mustRestart, [Symbol.asyncDispose]: close };
}

/** What the pages stand on; nothing where nobody could sign in. */
function openPages(
  config: Config,
  flow: Flow,
  inside: { readonly sessions: Sessions; readonly downloads: Downloads },
  team: () => Promise<string>,
): PagesDeps | undefined {
  if (config.slack.signIn === undefined) return undefined;
  const { publicUrl } = config.web;
  const key = deriveKey(config.signingKey, 'web-cookies');
  const cookies = makeCookies({ key, secure: publicUrl.startsWith('https:'), now: flow.clock.now });
  const issuer = new URL(config.slack.apiUrl).origin;
  const attempts = makeAttempts(flow);
  return {
    flow,
    ...inside,
    attempts,
    replays: {
      flow,
      attempts,
      reading: makeReading(flow.recordings),
      key: deriveKey(config.signingKey, 'replay-tickets'),
    },
    signIn: slackSignIn({ ...config.slack.signIn, issuer, publicUrl, cookies, team }),
    cookies,
    team,
    publicUrl,
    log: flow.log,
  };
}

function keepTrying(
  signal: AbortSignal,
  work: () => Promise<unknown>,
  onError: (error: unknown) => void,
): void {
  const attempt = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await work();
        return;
      } catch (error) {
        onError(error);
        await wait(2_000, undefined, { signal }).catch(() => {});
      }
    }
  };
  void attempt();
}
