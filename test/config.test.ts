import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Config,
  type ConfigProblem,
  configProblemsText,
  type Environment,
  loadEnvironment,
  readConfig,
} from '../src/config.ts';

const dir = mkdtempSync(join(tmpdir(), 'prod-access-config-'));
const policy = join(dir, 'policy.yaml');
const pem = (type: 'ed25519' | 'ed448'): string =>
  generateKeyPairSync(type as 'ed25519')
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
const key = pem('ed25519');
beforeAll(() => writeFileSync(policy, 'version: 1\n'));
afterAll(() => rmSync(dir, { recursive: true }));

const good = (change: Environment = {}): Environment => ({
  SLACK_BOT_TOKEN: 'xoxb-1-secret',
  SLACK_SIGNING_SECRET: 'f00dsecret',
  REDIS_URL: 'redis://:hunter2@127.0.0.1:6379',
  AWS_REGION: 'eu-west-1',
  PROD_ACCESS_POLICY: policy,
  PROD_ACCESS_DATA_DIR: join(dir, 'data'),
  PROD_ACCESS_SIGNING_KEY: key,
  ...change,
});

function read(change: Environment = {}): Config {
  const config = readConfig(good(change));
  if ('problems' in config) throw new Error(configProblemsText(config));
  return config;
}

function problems(change: Environment): readonly ConfigProblem[] {
  const config = readConfig(good(change));
  return 'problems' in config ? config.problems : [];
}

describe('where recordings are uploaded', () => {
  it.each([
    ['s3://recordings', { bucket: 'recordings', prefix: '' }],
    ['s3://recordings/', { bucket: 'recordings', prefix: '' }],
    ['s3://recordings/prod-access/eu', { bucket: 'recordings', prefix: 'prod-access/eu/' }],
  ])('%s', (text, uploads) => expect(read({ PROD_ACCESS_RECORDINGS: text }).uploads).toEqual(uploads));

  it.each(['recordings', 's3://', 's3://A/b', 'https://recordings.example', 's3://recordings/a b'])(
    'is not %s',
    (text) =>
      expect(problems({ PROD_ACCESS_RECORDINGS: text })).toMatchObject([
        { variable: 'PROD_ACCESS_RECORDINGS', wrong: `"${text}" is not the address of a bucket` },
      ]),
  );
});

describe('a good environment', () => {
  it('gives typed groups with safe defaults', () => {
    const { signingKey, ...rest } = read();
    expect(signingKey.asymmetricKeyType).toBe('ed25519');
    expect(rest).toEqual({
      slack: {
        botToken: 'xoxb-1-secret',
        apiUrl: 'https://slack.com/api/',
        events: { mode: 'http', signingSecret: 'f00dsecret' },
      },
      redis: { url: 'redis://:hunter2@127.0.0.1:6379', onLoss: 'refuse' },
      aws: { region: 'eu-west-1', settleMs: 5_000 },
      policyPath: policy,
      dataDir: join(dir, 'data'),
      sandbox: { driver: 'local', limits: 'enforced' },
      web: { port: 3000, publicUrl: 'http://localhost:3000' },
      logLevel: 'info',
    });
  });

  it('is frozen, down to its groups', () => {
    const config = read({ SLACK_CLIENT_ID: '1.2', SLACK_CLIENT_SECRET: 's' });
    const groups = [config, config.slack, config.slack.events, config.slack.signIn, config.redis, config.aws];
    expect([...groups, config.sandbox, config.web].every(Object.isFrozen)).toBe(true);
  });

  it('lets the app token win where both are set', () => {
    expect(read({ SLACK_APP_TOKEN: 'xapp-1' }).slack.events).toEqual({ mode: 'socket', appToken: 'xapp-1' });
  });

  it('takes look-alikes on loopback, and ends the API address in a slash', () => {
    const config = read({
      SLACK_API_URL: 'http://localhost:4003/api',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
    });
    expect(config.slack.apiUrl).toBe('http://localhost:4003/api/');
    expect(config.aws.endpoint).toBe('http://127.0.0.1:4566/');
  });

  it('takes our own settings', () => {
    const config = read({
      PROD_ACCESS_LIMITS: 'best-effort',
      PROD_ACCESS_REDIS_LOSS: 'accept-last-second',
      PROD_ACCESS_IAM_SETTLE: '90s',
      PORT: '0',
      PUBLIC_URL: 'https://access.example.com/',
      LOG_LEVEL: 'warn',
    });
    expect(config.sandbox.limits).toBe('best-effort');
    expect(config.redis.onLoss).toBe('accept-last-second');
    expect(config.aws.settleMs).toBe(90_000);
    expect(config.web).toEqual({ port: 0, publicUrl: 'https://access.example.com' });
    expect(config.logLevel).toBe('warn');
  });

  it('takes a container engine, and leaves one alone that it is not to use', () => {
    const image = `ghcr.io/example/debug@sha256:${'0a'.repeat(32)}`;
    const docker = { PROD_ACCESS_SANDBOX: 'docker', PROD_ACCESS_SANDBOX_IMAGE: image };
    expect(read(docker).sandbox).toEqual({ driver: 'docker', limits: 'enforced', image });
    const more = { PROD_ACCESS_SANDBOX_RUNTIME: 'runsc', DOCKER_HOST: 'unix:///run/podman/podman.sock' };
    expect(read({ ...docker, ...more }).sandbox).toEqual({
      driver: 'docker',
      limits: 'enforced',
      image,
      runtime: 'runsc',
      socketPath: '/run/podman/podman.sock',
    });
    expect(read({ DOCKER_HOST: 'tcp://elsewhere:2375' }).sandbox).toEqual({
      driver: 'local',
      limits: 'enforced',
    });
  });

  it('holds an empty variable for one that is not set', () => {
    expect(read({ PORT: '', SLACK_APP_TOKEN: ' ' }).web.port).toBe(3000);
  });

  it.each([
    'rediss://user:pw@redis.example.com:6380/2',
    'redis+sentinel://:pw@s1:26379,s2:26379/mymaster',
    'redis://a:6379,redis://b:6379',
    'redis://a:6379,b:6379',
  ])('takes %s', (url) => expect(read({ REDIS_URL: url }).redis.url).toBe(url));
});

describe('the signing key', () => {
  const file = (text: string, mode: number): string => {
    const path = join(dir, `key-${mode.toString(8)}-${Math.abs(text.length)}.pem`);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };

  it('may be in one line, or in a file that nobody else reads', () => {
    expect(read({ PROD_ACCESS_SIGNING_KEY: key.replaceAll('\n', '\\n') }).signingKey.type).toBe('private');
    expect(read({ PROD_ACCESS_SIGNING_KEY: file(key, 0o600) }).signingKey.type).toBe('private');
    expect(read({ PROD_ACCESS_SIGNING_KEY: file(key, 0o440) }).signingKey.type).toBe('private');
  });

  it('must not be readable by others', () => {
    const path = file(key, 0o644);
    expect(problems({ PROD_ACCESS_SIGNING_KEY: path })[0]?.wrong).toBe(
      `the file ${path} has mode 0644, so that others can get at it: chmod 600 ${path}`,
    );
  });

  it('must be there, and an unencrypted Ed25519 private key', () => {
    const wrong = (value: string): string | undefined =>
      problems({ PROD_ACCESS_SIGNING_KEY: value })[0]?.wrong;
    expect(wrong(join(dir, 'none.pem'))).toBe(`there is no file ${join(dir, 'none.pem')}`);
    expect(wrong(pem('ed448'))).toBe('the PEM text holds a key of type ed448, not Ed25519');
    const { publicKey } = generateKeyPairSync('ed25519');
    expect(wrong(publicKey.export({ type: 'spki', format: 'pem' }).toString())).toMatch(
      /holds no private key/,
    );
    const body = key.split('\n')[1] ?? '';
    expect(wrong(body)).not.toContain(body);
  });
});

describe('a bad environment', () => {
  it('reports everything at once', () => {
    const config = readConfig({ LOG_LEVEL: 'loud', PORT: '99999', SLACK_CLIENT_ID: '1.2' });
    expect(
      'problems' in config && config.problems.map(({ variable, wrong }) => `${variable} ${wrong}`),
    ).toEqual([
      'REDIS_URL is missing',
      'PROD_ACCESS_DATA_DIR is missing',
      'PROD_ACCESS_SIGNING_KEY is missing',
      'LOG_LEVEL "loud" is not a choice',
      'SLACK_BOT_TOKEN is missing',
      'AWS_REGION is missing',
      'PROD_ACCESS_POLICY is missing',
      'PORT "99999" is not a port',
      'SLACK_SIGNING_SECRET is missing, and so is SLACK_APP_TOKEN',
      'SLACK_CLIENT_SECRET is missing',
    ]);
    if ('problems' in config) {
      expect(config.problems.every(({ right }) => right.length > 10)).toBe(true);
      expect(configProblemsText(config)).toContain(
        'REDIS_URL: is missing.\n    Right would be: redis://host:6379',
      );
    }
  });

  it.each([
    ['SLACK_API_URL', 'http://slack.example.com/api/'],
    ['SLACK_API_URL', 'ftp://slack.com'],
    ['AWS_ENDPOINT_URL', 'http://10.0.0.1:4566'],
    ['AWS_ENDPOINT_URL', 'http://127.0.0.1.example.com'],
    ['AWS_ENDPOINT_URL_STS', 'http://sts.example.com'],
    ['PUBLIC_URL', 'access.example.com'],
    ['PUBLIC_URL', 'https://example.com/access'],
    ['REDIS_URL', 'http://localhost:6379'],
    ['REDIS_URL', 'redis://a:6379,'],
    ['AWS_REGION', 'Ireland'],
    ['PROD_ACCESS_POLICY', '/nonexistent/policy.yaml'],
    ['PROD_ACCESS_DATA_DIR', '/dev/null'],
    ['PROD_ACCESS_LIMITS', 'none'],
    ['PROD_ACCESS_REDIS_LOSS', 'yes'],
    ['PROD_ACCESS_IAM_SETTLE', '5 seconds'],
    ['PROD_ACCESS_IAM_SETTLE', '1h'],
    ['PROD_ACCESS_SANDBOX', 'none'],
    ['PROD_ACCESS_SANDBOX_IMAGE', `debug@sha256:${'0'.repeat(64)}`],
    ['PROD_ACCESS_SANDBOX_RUNTIME', 'runsc'],
    ['PORT', '3000a'],
    ['SLACK_BOT_TOKEN', 'xapp-1-oops'],
    ['SLACK_APP_TOKEN', 'xoxb-oops'],
  ])('refuses %s=%s', (variable, value) => {
    expect(problems({ [variable]: value }).map((each) => each.variable)).toEqual([variable]);
  });

  it.each([
    ['PROD_ACCESS_SANDBOX_IMAGE', undefined],
    ['PROD_ACCESS_SANDBOX_IMAGE', 'debug:latest'],
    ['PROD_ACCESS_SANDBOX_RUNTIME', '--privileged'],
    ['DOCKER_HOST', 'tcp://engine:2375'],
    ['DOCKER_HOST', '/var/run/docker.sock'],
  ])('refuses %s=%s with docker', (variable, value) => {
    const docker = { PROD_ACCESS_SANDBOX: 'docker', PROD_ACCESS_SANDBOX_IMAGE: `sha256:${'0'.repeat(64)}` };
    expect(problems({ ...docker, [variable]: value }).map((each) => each.variable)).toEqual([variable]);
  });

  it('never repeats a secret', () => {
    const secret = 'hunter2hunter2';
    const values = {
      SLACK_BOT_TOKEN: `xapp-${secret}`,
      SLACK_SIGNING_SECRET: `xoxb-${secret}`,
      REDIS_URL: `http://:${secret}@h:1`,
      AWS_ENDPOINT_URL: `http://u:${secret}@h`,
      SLACK_API_URL: `https://slack.com/?t=${secret}`,
      PROD_ACCESS_SIGNING_KEY: `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`,
    };
    const found = problems(values);
    expect(found).toHaveLength(6);
    expect(JSON.stringify(found)).not.toContain(secret);
  });
});

it('asks for the ledger only where nothing else is needed', () => {
  const { REDIS_URL, PROD_ACCESS_DATA_DIR, PROD_ACCESS_SIGNING_KEY } = good();
  const config = readConfig(
    { REDIS_URL, PROD_ACCESS_DATA_DIR, PROD_ACCESS_SIGNING_KEY },
    { needs: 'offline' },
  );
  expect(Object.keys(config)).toEqual(['redis', 'dataDir', 'signingKey', 'logLevel']);
  expect(readConfig({}, { needs: 'offline' })).toMatchObject({
    problems: [
      { variable: 'REDIS_URL' },
      { variable: 'PROD_ACCESS_DATA_DIR' },
      { variable: 'PROD_ACCESS_SIGNING_KEY' },
    ],
  });
});

it('reads .env, and lets the real environment win', () => {
  writeFileSync(join(dir, '.env'), 'PROD_ACCESS_TEST_ONE="from file"\nPATH=from-file\n');
  const env = loadEnvironment(dir);
  expect(env.PROD_ACCESS_TEST_ONE).toBe('from file');
  expect(env.PATH).not.toBe('from-file');
  delete process.env.PROD_ACCESS_TEST_ONE;
  expect(loadEnvironment(join(dir, 'nowhere'))).toBe(process.env);
});
