/**
 * The composition root: the only place where things are built and joined. What is opened last is closed first.
 */
import { createPublicKey, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { awsClients } from './adapters/aws/clients.ts';
import { awsGrants } from './adapters/aws/grants.ts';
import { queueNames, queuePrefix } from './adapters/bullmq/queues.ts';
import { queueTimers } from './adapters/bullmq/timers.ts';
import { watchPolicy } from './adapters/policy-file/watch-policy.ts';
import { connectRedis, hangUp } from './adapters/redis/connect.ts';
import { checkRedis } from './adapters/redis/health.ts';
import { redisNoticeStore } from './adapters/redis/notice-store.ts';
import { redisOnce } from './adapters/redis/once.ts';
import { localSandboxes } from './adapters/sandbox/local/local-sandboxes.ts';
import { slackClient } from './adapters/slack/client.ts';
import { slackDirectory } from './adapters/slack/directory.ts';
import { slackIdentity } from './adapters/slack/identity.ts';
import { slackNotices } from './adapters/slack/notices.ts';
import { slackTrailChannel } from './adapters/slack/trail-channel.ts';
import { systemClock } from './adapters/system-clock.ts';
import { startBackground } from './background.ts';
import type { Config } from './config.ts';
import { bot, type Details, type Draft, publicKeyText } from './domain/audit.ts';
import { isoTime } from './domain/duration.ts';
import { accessIdBytes, accessIdFrom } from './domain/ids.ts';
import { startWorkers } from './doors/jobs/workers.ts';
import { httpReceiver, openSlackDoor, socketReceiver } from './doors/slack/door.ts';
import { webDoor } from './doors/web/server.ts';
import type { Flow } from './flow/deps.ts';
import { makeMetrics } from './metrics.ts';
import { openStore } from './store.ts';

export type App = AsyncDisposable & {
  readonly flow: Flow;
  readonly port: number;
  /** Resolves when the process should end for its supervisor to start it anew, with the reason. */
  readonly mustRestart: Promise<string>;
};

/** The bot cannot start as things are; each line says what to do. */
export class CannotStart extends Error {
  override readonly name = 'CannotStart';
  readonly lines: readonly string[];
  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

export type AppOptions = {
  /** Least time between two messages in the audit channel: 1,000 ms for Slack. */
  readonly channelGapMs?: number;
};

export async function openApp(config: Config, log: Logger, options: AppOptions = {}): Promise<App> {
  const closers: (() => Promise<unknown>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse())
      await close().catch((error: unknown) => log.warn({ err: error }, 'closing'));
  };
  try {
    return await build(config, log, options, closers, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function build(
  config: Config,
  log: Logger,
  options: AppOptions,
  closers: (() => Promise<unknown>)[],
  closeAll: () => Promise<void>,
): Promise<App> {
  const closing = new AbortController();
  const clock = systemClock;
  const client = slackClient({ token: config.slack.botToken, apiUrl: config.slack.apiUrl });
  const identity = slackIdentity(client);
  let auditChannel = '';
  const channel = slackTrailChannel({
    client,
    channel: () => auditChannel,
    identity,
    clock,
    gapMs: options.channelGapMs ?? 1_000,
  });

  const store = openStore(config, () => channel.last());
  closers.push(async () => store[Symbol.asyncDispose]());
  const { redis, ledger, install } = store;
  await refuseUnfitRedis(config, redis);

  const append = (action: Draft['action'], details: Details): Promise<void> =>
    ledger.append([{ at: isoTime(clock.now()), action, actor: bot, details }]);
  const sandboxes = localSandboxes({ dataDir: config.dataDir, install, limits: config.sandbox.limits });
  const ready = await sandboxes.readiness();
  if (!ready.ready)
    throw new CannotStart([`sandboxes cannot be opened here: ${ready.problem}. ${ready.remedy}`]);

  await append('bot.started', { public_key: publicKeyText(createPublicKey(config.signingKey)), install });
  closers.push(() => append('bot.stopped', {}));
  const policy = await watchPolicy({
    path: config.policyPath,
    clock,
    onTrouble: (error) => log.warn({ err: error }, 'the policy file could not be looked at; trying again'),
    // The record comes first: a version that could not be put on it is not in force.
    onLoaded: async ({ policy: loaded, warnings }) => {
      for (const { line, message } of warnings) log.warn({ line }, message);
      await append('policy.loaded', { policy: loaded.hash, targets: Object.keys(loaded.targets).length });
      auditChannel = loaded.channels.audit;
    },
    onRejected: async ({ hash, problems }) => {
      log.error({ problems }, 'the new policy is broken; the old one stays');
      const told = problems.slice(0, 20).map(({ line, message }) => `line ${line}: ${message}`);
      append('policy.rejected', { ...(hash === undefined ? {} : { policy: hash }), problems: told });
    },
  });
  closers.push(async () => policy[Symbol.asyncDispose]());

  const timers = queueTimers(redis, clock);
  closers.push(async () => timers[Symbol.asyncDispose]());
  const { region, endpoint, settleMs } = config.aws;
  const flow: Flow = {
    ledger,
    timers,
    grants: awsGrants({
      ...awsClients({ region, ...(endpoint === undefined ? {} : { endpoint }) }),
      install,
      clock,
      settleMs,
    }),
    sandboxes,
    directory: slackDirectory({ client, identity, clock }),
    notices: slackNotices({ client, store: redisNoticeStore(redis), identity, clock }),
    channel,
    policy,
    leases: store.leases,
    clock,
    newId: () => accessIdFrom(randomBytes(accessIdBytes)),
    install,
    log,
  };
  const { registry, sweeps } = makeMetrics(flow);
  const { events } = config.slack;
  const receiver =
    events.mode === 'http'
      ? httpReceiver(events.signingSecret)
      : socketReceiver(events.appToken, config.slack.apiUrl);
  const slack = await openSlackDoor({
    flow,
    client,
    receiver,
    token: config.slack.botToken,
    team: async () => (await identity()).team,
    once: redisOnce(redis),
  });

  const answers = (question: Promise<unknown>): Promise<boolean> =>
    question.then(
      () => true,
      () => false,
    );
  const ping = (): Promise<boolean> => answers(redis.ping());
  const background = startBackground({ flow, sendBeat: timers.beat, ping, sweeps });
  closers.push(async () => background[Symbol.asyncDispose]());
  const readiness = async () => {
    const [redisAnswers, slackAnswers] = await Promise.all([ping(), answers(identity())]);
    const checks = { redis: redisAnswers, slack: slackAnswers, queue: background.queueAlive() };
    return { ready: Object.values(checks).every(Boolean), checks };
  };
  const web = webDoor({
    ...('requestListener' in receiver ? { slack: receiver.requestListener } : {}),
    readiness,
    metrics: registry,
    now: clock.now,
    log,
  });
  web.listen(config.web.port);
  await once(web, 'listening');
  closers.push(async () => {
    web.closeAllConnections();
    web.close();
  });
  if (events.mode === 'socket') {
    keepTrying(
      closing.signal,
      () => slack.start(),
      (error) => log.warn({ err: error }, 'Socket Mode cannot connect; trying again'),
    );
    closers.push(() => Promise.resolve(slack.stop()));
  }

  const workerConnections: ReturnType<typeof connectRedis>[] = [];
  const workers = startWorkers(flow, {
    queues: queueNames,
    prefix: queuePrefix,
    connect: () => {
      const connection = connectRedis(config.redis.url, 'patient');
      workerConnections.push(connection);
      return connection;
    },
    onBeat: async () => background.beat(),
  });
  closers.push(async () => {
    await workers[Symbol.asyncDispose]();
    for (const connection of workerConnections) hangUp(connection);
  });

  const address = web.address() as AddressInfo;
  log.info({ port: address.port, install, limits: ready.limitsHeldBy }, 'ready');
  return { flow, port: address.port, mustRestart: background.mustRestart, [Symbol.asyncDispose]: closeAll };
}

async function refuseUnfitRedis(config: Config, redis: ReturnType<typeof connectRedis>): Promise<void> {
  const findings = await checkRedis(redis, {
    acceptLastSecond: config.redis.onLoss === 'accept-last-second',
    now: systemClock.now,
  }).catch((error: unknown) => {
    throw new CannotStart([
      `Redis does not answer at REDIS_URL: ${error instanceof Error ? error.message : String(error)}`,
    ]);
  });
  const unfit = findings.filter(({ ok }) => !ok);
  if (unfit.length > 0) throw new CannotStart(unfit.map(({ says, remedy }) => `${says}: ${remedy}`));
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
        await systemClock.sleep(2_000, signal).catch(() => {});
      }
    }
  };
  void attempt();
}
