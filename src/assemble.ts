/**
 * Joins ports, adapters and flows: everything that acts, without the doors through which the world comes in. What is
 * opened last is closed first.
 */
import { createPublicKey, randomBytes } from 'node:crypto';
import type { WebClient } from '@slack/web-api';
import type { Logger } from 'pino';
import { awsClients } from './adapters/aws/clients.ts';
import { awsGrants } from './adapters/aws/grants.ts';
import { hostBrokers } from './adapters/broker/host-brokers.ts';
import { type QueueTimers, queueTimers } from './adapters/bullmq/timers.ts';
import { fileSpool } from './adapters/files/file-spool.ts';
import { watchPolicy } from './adapters/policy-file/watch-policy.ts';
import type { Connection } from './adapters/redis/connect.ts';
import { checkRedis } from './adapters/redis/health.ts';
import { redisNoticeStore } from './adapters/redis/notice-store.ts';
import { redisSignOuts } from './adapters/redis/sign-outs.ts';
import { sandboxesOf } from './adapters/sandbox/sandboxes.ts';
import { slackClient } from './adapters/slack/client.ts';
import { slackDirectory } from './adapters/slack/directory.ts';
import { type SlackIdentity, slackIdentity } from './adapters/slack/identity.ts';
import { slackNotices } from './adapters/slack/notices.ts';
import { slackTrailChannel } from './adapters/slack/trail-channel.ts';
import { systemClock } from './adapters/system-clock.ts';
import type { Config } from './config.ts';
import { bot, type Details, type Draft, publicKeyText } from './domain/audit.ts';
import { isoTime } from './domain/duration.ts';
import { idBytes, idFrom } from './domain/ids.ts';
import { credentialsTokens } from './domain/keys.ts';
import type { Flow } from './flow/deps.ts';
import { openRecordings } from './recordings.ts';
import { openStore } from './store.ts';

export type Assembly = AsyncDisposable & {
  readonly flow: Flow;
  readonly redis: Connection;
  readonly timers: QueueTimers;
  readonly client: WebClient;
  readonly identity: () => Promise<SlackIdentity>;
};

/** It cannot start as things are; each line says what is wrong and what to do. */
export class CannotStart extends Error {
  override readonly name = 'CannotStart';
  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
  }
}

export type AssembleOptions = {
  /** Whether the trail tells of this process: the bot, but not an operator's command. */
  readonly announce: boolean;
  /** Least time between two messages in the audit channel: 1,000 ms for Slack. */
  readonly channelGapMs?: number;
};

/** Throws {@link CannotStart}, or `PolicyProblems` for a broken policy; then nothing was recorded. */
export async function assemble(config: Config, log: Logger, options: AssembleOptions): Promise<Assembly> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closers.splice(0).reverse()) {
      await one().catch((error: unknown) => log.warn({ err: error }, 'closing'));
    }
  };
  try {
    return await join(config, log, options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function join(
  config: Config,
  log: Logger,
  options: AssembleOptions,
  closers: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<Assembly> {
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
  const sandboxes = await sandboxesOf(config.sandbox, { dataDir: config.dataDir, install });
  const ready = await sandboxes.readiness();
  if (!ready.ready) {
    const why = `sandboxes cannot be opened here: ${ready.problem}. ${ready.remedy}`;
    if (ready.away !== true) throw new CannotStart([why]);
    // Nothing but sandboxes waits for it: grants are revoked all the same.
    log.warn(why);
  }

  const told = (action: Draft['action'], details: Details): Draft => ({
    at: isoTime(clock.now()),
    action,
    actor: bot,
    details,
  });
  let begun = !options.announce;
  const policy = await watchPolicy({
    path: config.policyPath,
    able: { images: config.sandbox.driver === 'docker' },
    clock,
    onTrouble: (error) => log.warn({ err: error }, 'the policy file could not be looked at; trying again'),
    // The record comes first: a version that could not be put on it is not in force.
    onLoaded: async ({ policy: loaded, warnings }) => {
      for (const { line, message } of warnings) log.warn({ line }, message);
      auditChannel = loaded.channels.audit;
      if (!options.announce) return;
      const details = { policy: loaded.hash, targets: Object.keys(loaded.targets).length };
      const publicKey = publicKeyText(createPublicKey(config.signingKey));
      const start = begun ? [] : [told('bot.started', { public_key: publicKey, install })];
      await ledger.append([...start, told('policy.loaded', details)]);
      begun = true;
    },
    onRejected: async ({ hash, problems }) => {
      log.error({ problems }, 'the new policy is broken; the old one stays');
      if (!options.announce) return;
      const lines = problems.slice(0, 20).map(({ line, message }) => `line ${line}: ${message}`);
      await ledger.append([
        told('policy.rejected', { ...(hash === undefined ? {} : { policy: hash }), problems: lines }),
      ]);
    },
  });
  closers.push(async () => policy[Symbol.asyncDispose]());
  if (options.announce) closers.push(() => ledger.append([told('bot.stopped', {})]));

  const timers = queueTimers(redis, clock);
  closers.push(async () => timers[Symbol.asyncDispose]());
  const recordings = openRecordings(config, { ledger, clock, log });
  closers.push(recordings.close);
  const { region, endpoint, settleMs } = config.aws;
  const aws = awsClients({ region, ...(endpoint === undefined ? {} : { endpoint }) });
  const flow: Flow = {
    ledger,
    timers,
    grants: awsGrants({ ...aws, install, clock, settleMs }),
    sandboxes,
    terminals: sandboxes,
    files: sandboxes,
    spool: fileSpool(config.dataDir),
    brokers: hostBrokers({ clock, log }),
    recordings: recordings.recordings,
    directory: slackDirectory({ client, identity, clock }),
    notices: slackNotices({ client, store: redisNoticeStore(redis), identity, clock }),
    channel,
    policy,
    leases: store.leases,
    signOuts: redisSignOuts(redis),
    clock,
    newId: () => idFrom('acc', randomBytes(idBytes)),
    newSessionId: () => idFrom('ses', randomBytes(idBytes)),
    credentialsToken: credentialsTokens(config.signingKey),
    install,
    ...(config.slack.signIn === undefined ? {} : { pages: config.web.publicUrl }),
    log,
  };
  return { flow, redis, timers, client, identity, [Symbol.asyncDispose]: close };
}

async function refuseUnfitRedis(config: Config, redis: Connection): Promise<void> {
  const acceptLastSecond = config.redis.onLoss === 'accept-last-second';
  const findings = await checkRedis(redis, { acceptLastSecond, now: systemClock.now }).catch(
    (error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new CannotStart([`Redis does not answer at REDIS_URL: ${why}`]);
    },
  );
  const unfit = findings.filter(({ ok }) => !ok);
  if (unfit.length > 0) throw new CannotStart(unfit.map(({ says, remedy }) => `${says}: ${remedy}`));
}
