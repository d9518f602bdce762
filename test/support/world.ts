/**
 * The whole thing, real: a private Redis, the look-alikes of Slack and AWS, and the unchanged bot as a process of its
 * own, which a test can kill. Everything ends with the world.
 */
import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { connectRedis, hangUp } from '../../src/adapters/redis/connect.ts';
import { type Entry, installOf } from '../../src/domain/audit.ts';
import { readEntry, type StoredLine } from '../../src/domain/verify-chain.ts';
import { type AwsLookalike, startAwsLookalike } from '../../src/playground/aws/aws-lookalike.ts';
import { type SlackLookalike, startSlackLookalike } from '../../src/playground/slack/lookalike.ts';
import type { Seed } from '../../src/playground/slack/seed.ts';
import { freePort, type RedisServer, startRedisServer } from './redis-server.ts';
import { spawnTied } from './tied.ts';

export const people = [
  { id: 'U0ANA', name: 'ana' },
  { id: 'U0BEN', name: 'ben' },
  { id: 'U0LEA', name: 'lea' },
  { id: 'U0LEO', name: 'leo' },
  { id: 'U0SEC', name: 'sec' },
  { id: 'U0OUT', name: 'out' },
  { id: 'U0GUEST', name: 'guest', is_restricted: true },
];

export const boundaryArn = 'arn:aws:iam::123456789012:policy/prod-access-boundary';

const aws = {
  account: '123456789012',
  region: 'eu-west-1',
  boundary: boundaryArn,
  managed: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
};

export const worldPolicy = {
  version: 1,
  channels: { audit: 'C0AUDIT', approvals: 'C0APPROVE' },
  groups: {
    payments: { usergroup: 'S0PAY' },
    leads: { users: ['U0LEA', 'U0LEO'] },
    security: { users: ['U0SEC'] },
    'on-call': { users: ['U0BEN'] },
  },
  targets: {
    'payments-db': {
      name: 'Payments database, read only',
      requesters: ['payments'],
      approvers: [
        { from: ['leads'], count: 1 },
        { from: ['security'], count: 1 },
      ],
      duration: { default: '1h', max: '4h' },
      reason: { min: 10, ticket: 'INC-[0-9]+' },
      grant: { aws },
      sandbox: { memory: '128Mi', processes: 64, disk: '16Mi' },
    },
    wiki: {
      requesters: ['payments'],
      approvers: [{ from: ['leads'], count: 1 }],
      duration: { default: '30m', max: '1h' },
      grant: { aws },
      sandbox: { memory: '128Mi', processes: 64, disk: '16Mi' },
    },
  },
  rules: [] as unknown[],
};

export type WorldPolicy = typeof worldPolicy;

export type WorldOptions = {
  readonly events?: 'http' | 'socket';
  readonly policy?: (policy: WorldPolicy) => void;
  readonly seed?: (seed: Seed) => void;
  readonly propagationMs?: number;
  readonly env?: Readonly<Record<string, string>>;
};

export type World = AsyncDisposable & {
  readonly slack: SlackLookalike;
  readonly aws: AwsLookalike;
  readonly redis: RedisServer;
  readonly install: string;
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Starts a bot and waits until it is ready; on a port that is free, or on `PORT`. */
  startBot(extra?: Readonly<Record<string, string>>): Promise<Bot>;
  /** The whole stream as it stands in Redis. */
  lines(): Promise<readonly StoredLine[]>;
  entries(): Promise<readonly Entry[]>;
  /** Waits until the trail holds an entry that `match` takes. */
  untilEntry(match: (entry: Entry) => boolean, timeoutMs?: number): Promise<Entry>;
  withRedis<T>(work: (redis: ReturnType<typeof connectRedis>) => Promise<T>): Promise<T>;
};

export type Bot = {
  readonly child: ChildProcess;
  readonly port: number;
  readonly output: () => string;
  /** SIGKILL to the main process alone, or to its whole group. */
  kill(whom?: 'process' | 'group'): Promise<void>;
  /** SIGTERM and the exit code. */
  stop(): Promise<number | null>;
};

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'prod-access-world-'));
  const seed: Seed = {
    people,
    channels: [
      { id: 'C0GENERAL', name: 'general' },
      { id: 'C0APPROVE', name: 'prod-approvals' },
      { id: 'C0AUDIT', name: 'prod-audit' },
    ],
    usergroups: [{ id: 'S0PAY', handle: 'payments', users: ['U0ANA', 'U0BEN', 'U0LEO', 'U0GUEST'] }],
  };
  options.seed?.(seed);
  const manifest = parse(await readFile('manifest.yml', 'utf8'));
  const [redis, slack, lookalike] = await Promise.all([
    startRedisServer(),
    startSlackLookalike({ seed, manifest }),
    startAwsLookalike({ propagationMs: options.propagationMs ?? 0 }),
  ]);
  lookalike.addManagedPolicy(boundaryArn, {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  });
  const policy = structuredClone(worldPolicy);
  options.policy?.(policy);
  await writeFile(join(dir, 'policy.yml'), stringify(policy));
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const keyPath = join(dir, 'key.pem');
  await writeFile(keyPath, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  await chmod(keyPath, 0o600);

  const bots = new Set<Bot>();
  const env = {
    PATH: `${process.cwd()}/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: dir,
    ...(process.env.NODE_COMPILE_CACHE === undefined
      ? {}
      : { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
    SLACK_BOT_TOKEN: slack.botToken,
    ...(options.events === 'socket'
      ? { SLACK_APP_TOKEN: slack.appToken }
      : { SLACK_SIGNING_SECRET: slack.signingSecret }),
    SLACK_API_URL: slack.apiUrl,
    SLACK_CLIENT_ID: slack.clientId,
    SLACK_CLIENT_SECRET: slack.clientSecret,
    REDIS_URL: redis.url,
    AWS_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL: lookalike.url,
    AWS_ACCESS_KEY_ID: lookalike.botCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: lookalike.botCredentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    PROD_ACCESS_POLICY: join(dir, 'policy.yml'),
    PROD_ACCESS_DATA_DIR: join(dir, 'data'),
    PROD_ACCESS_SIGNING_KEY: keyPath,
    PROD_ACCESS_IAM_SETTLE: '1s',
    ...options.env,
  };
  const client = connectRedis(redis.url, 'patient');

  const lines = async (): Promise<readonly StoredLine[]> => {
    const rows = await client.xrange('{prod-access}:audit', '-', '+');
    return rows.map(([, fields]) => {
      const pairs = Object.fromEntries(
        fields.flatMap((_, at) => (at % 2 === 0 ? [[fields[at] ?? '', fields[at + 1] ?? '']] : [])),
      );
      return {
        entry: String(pairs.entry),
        ...(pairs.sig === undefined ? {} : { sig: String(pairs.sig) }),
      };
    });
  };
  const entries = async (): Promise<readonly Entry[]> =>
    (await lines()).flatMap(({ entry }) => readEntry(entry) ?? []);

  return {
    slack,
    aws: lookalike,
    redis,
    dir,
    env,
    install: installOf(publicKey),
    lines,
    entries,
    startBot: async (extra = {}) => {
      const port = extra.PORT === undefined ? await freePort() : Number(extra.PORT);
      if (options.events !== 'socket') slack.setRequestUrl(`http://127.0.0.1:${port}/slack/events`);
      const publicUrl = `http://127.0.0.1:${port}`;
      slack.setRedirectUrls([`${publicUrl}/sign-in/callback`]);
      const bot = await startBot({ ...env, PUBLIC_URL: publicUrl, ...extra, PORT: String(port) }, port);
      bots.add(bot);
      return bot;
    },
    untilEntry: async (match, timeoutMs = 20_000) => {
      const deadline = Date.now() + timeoutMs;
      const watcher = connectRedis(redis.url, 'patient');
      try {
        let after = '0';
        for (;;) {
          const left = deadline - Date.now();
          if (left <= 0) {
            const seen = (await entries()).map(({ action }) => action).join(' ');
            throw new Error(
              `no such entry within ${timeoutMs} ms; the trail holds: ${seen}\n${[...bots].map((bot) => bot.output().slice(-3_000)).join('\n')}`,
            );
          }
          const answer = await watcher.xread(
            'COUNT',
            100,
            'BLOCK',
            Math.min(left, 1_000),
            'STREAMS',
            '{prod-access}:audit',
            after,
          );
          for (const [id, fields] of answer?.[0]?.[1] ?? []) {
            after = id;
            const entry = readEntry(fields[fields.indexOf('entry') + 1] ?? '');
            if (entry !== undefined && match(entry)) return entry;
          }
        }
      } finally {
        hangUp(watcher);
      }
    },
    withRedis: (work) => work(client),
    [Symbol.asyncDispose]: async () => {
      hangUp(client);
      await Promise.all([...bots].map((bot) => bot.kill('group')));
      await Promise.all([
        slack[Symbol.asyncDispose](),
        lookalike[Symbol.asyncDispose](),
        redis[Symbol.asyncDispose](),
      ]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function startBot(env: Readonly<Record<string, string>>, port: number): Promise<Bot> {
  const child = spawnTied(process.execPath, ['src/main.ts', 'serve'], { whom: 'group', stderr: 'pipe', env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data: Buffer) => {
      output = `${output}${data.toString()}`.slice(-200_000);
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const bot: Bot = {
    child,
    port,
    output: () => output,
    kill: async (whom = 'process') => {
      if (child.pid === undefined) return;
      try {
        process.kill(whom === 'group' ? -child.pid : child.pid, 'SIGKILL');
      } catch {
        // It has already gone.
      }
      await exited;
    },
    stop: async () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
  const outcome = await untilAlive(port, child);
  if (outcome !== 'ready') throw new Error(`the bot exited with ${outcome} before it was ready:\n${output}`);
  return bot;
}

/** Asks for the health page until it is there, or the exit code or signal of a bot that went before. */
async function untilAlive(port: number, child: ChildProcess): Promise<'ready' | number | string> {
  for (;;) {
    const gone = child.exitCode ?? child.signalCode;
    if (gone !== null) return gone;
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
    if (answer?.ok === true) return 'ready';
    await wait(30);
  }
}
