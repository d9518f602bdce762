/** `prod-access doctor` over real parts: all is well, or what is wrong and what to do about it. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startSlackLookalike } from '../../src/playground/slack/lookalike.ts';
import { botDocument, boundaryDocument } from '../adapters/aws/setup-documents.ts';
import { freePort } from '../support/redis-server.ts';
import { boundaryArn, openWorld, type World } from '../support/world.ts';

const account = '123456789012';

let world: World;

beforeAll(async () => {
  world = await openWorld();
}, 60_000);

beforeEach(() => {
  world.aws.addManagedPolicy(boundaryArn, boundaryDocument(account));
  world.aws.setBotPolicy(botDocument(account));
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

type Outcome = { readonly code: number; readonly lines: readonly string[]; readonly wrong: string };

/** Runs doctor; `wrong` is every line that is wrong, with its remedy. */
async function doctor(
  env: Readonly<Record<string, string>> = {},
  { args = [], before = [] }: { readonly args?: readonly string[]; readonly before?: readonly string[] } = {},
): Promise<Outcome> {
  const [program = '', ...rest] = [...before, process.execPath, 'src/main.ts', 'doctor', ...args];
  const { code, text } = await new Promise<{ code: number; text: string }>((resolve) => {
    const child = execFile(program, rest, { env: { ...world.env, ...env } }, (_error, stdout, stderr) => {
      expect(stderr).toBe('');
      resolve({ code: child.exitCode ?? -1, text: stdout });
    });
  });
  const lines = text.trimEnd().split('\n');
  expect(text).not.toContain(world.slack.clientSecret);
  return { code, lines, wrong: lines.filter((line) => !line.startsWith('ok ')).join('\n') };
}

describe('doctor', () => {
  it('says ok line by line', async () => {
    const { code, lines, wrong } = await doctor({
      PORT: String(await freePort()),
      PUBLIC_URL: 'http://localhost:3000',
    });
    expect(wrong).toBe('');
    expect(code).toBe(0);
    const text = lines.join('\n');
    for (const about of [
      'configuration: complete',
      'policy: 2 targets',
      'Redis answers: yes',
      'Redis keeps everything: maxmemory-policy is noeviction',
      'Redis writes to disk: appendonly is yes',
      'clocks agree',
      'Slack token: good for Look-alike',
      'Slack scopes: all there',
      'audit channel: #prod-audit',
      'approvals channel: #prod-approvals',
      'sign-in issuer: http://127.0.0.1',
      'sign-in keys: 1 for RS256',
      'sign-in client: Slack takes id and secret',
      "redirect URL: what must stand in your Slack app's settings, to the letter, is http://localhost:3000/sign-in/callback",
      'PUBLIC_URL: http://localhost:3000, not tried: no bot answers on port',
      'sandboxes: bubblewrap',
      'user/prod-access-bot in account 123456789012',
      boundaryArn,
    ])
      expect(text).toContain(about);
  });

  it('says the same as JSON', async () => {
    const { code, lines } = await doctor({}, { args: ['--json'] });
    expect(code).toBe(0);
    const findings: { check: string; ok: boolean; says: string }[] = JSON.parse(lines.join('\n'));
    expect(findings.length).toBeGreaterThan(12);
    expect(findings.every(({ ok }) => ok)).toBe(true);
    expect(findings).toContainEqual({ check: 'Slack token', ok: true, says: 'good for Look-alike' });
  });

  it('finds no Redis', async () => {
    const { code, wrong } = await doctor({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    expect(code).toBe(1);
    expect(wrong).toMatch(
      /^WRONG {2}Redis answers: .*ECONNREFUSED.*\n {9}start Redis, or correct REDIS_URL$/,
    );
  });

  it('finds a Redis that drops what it holds', async () => {
    await world.withRedis((redis) => redis.config('SET', 'maxmemory-policy', 'allkeys-lru'));
    const { code, wrong } = await doctor();
    await world.withRedis((redis) => redis.config('SET', 'maxmemory-policy', 'noeviction'));
    expect(code).toBe(1);
    expect(wrong).toMatch(/^WRONG {2}Redis keeps everything: maxmemory-policy is allkeys-lru\n/);
    expect(wrong).toContain('set maxmemory-policy to noeviction');
  });

  it('finds a token that Slack does not know, and no Slack at all', async () => {
    const token = await doctor({ SLACK_BOT_TOKEN: 'xoxb-000-wrong' });
    expect(token.code).toBe(1);
    expect(token.wrong).toMatch(/^WRONG {2}Slack token: Slack says invalid_auth\n {9}set SLACK_BOT_TOKEN/);
    expect(token.lines.join()).not.toContain('xoxb-000-wrong');
    const away = await doctor({ SLACK_API_URL: `http://127.0.0.1:${await freePort()}/api/` });
    expect(away.wrong).toMatch(/^WRONG {2}Slack answers: .*\n {9}look at SLACK_API_URL/);
  });

  it('finds a scope that is missing, a channel that the bot is not in, and one that outsiders read', async () => {
    const manifest = parse(await readFile('manifest.yml', 'utf8'));
    const { bot } = manifest.oauth_config.scopes;
    manifest.oauth_config.scopes.bot = bot.filter((scope: string) => scope !== 'usergroups:read');
    await using slack = await startSlackLookalike({
      manifest,
      seed: {
        channels: [
          { id: 'C0APPROVE', name: 'prod-approvals', is_ext_shared: true },
          { id: 'C0AUDIT', name: 'prod-audit', is_member: false },
        ],
      },
    });
    const { code, wrong } = await doctor({
      SLACK_API_URL: slack.apiUrl,
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_CLIENT_ID: slack.clientId,
      SLACK_CLIENT_SECRET: slack.clientSecret,
    });
    expect(code).toBe(1);
    expect(wrong.split('\n')).toEqual([
      'WRONG  Slack scopes: missing: usergroups:read (for usergroups.users.list)',
      '         update the app from manifest.yml and install it again',
      'WRONG  audit channel: the bot is not in #prod-audit',
      '         /invite @prod-access in #prod-audit',
      'WRONG  approvals channel: #prod-approvals is shared with another organisation',
      '         use a channel that only this workspace reads',
    ]);
  });

  it('finds that the bot has no rights in AWS', async () => {
    world.aws.setBotPolicy({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'iam:SimulatePrincipalPolicy', Resource: '*' }],
    });
    const { code, wrong } = await doctor();
    expect(code).toBe(1);
    expect(wrong).toMatch(/list grants: AWS denies the bot iam:ListRoles.*\n {9}Allow the bot iam:ListRoles/);
    expect(wrong).toMatch(
      /missing with .*iam:CreateRole.*\n {9}Give the bot the policy from docs\/aws-setup\.md/,
    );
  });

  it('finds a boundary that forbids the self-read', async () => {
    const boundary = boundaryDocument(account);
    const deny = { Effect: 'Deny', Action: 'iam:*', Resource: '*' };
    world.aws.addManagedPolicy(boundaryArn, { ...boundary, Statement: [...boundary.Statement, deny] });
    const { code, wrong } = await doctor();
    expect(code).toBe(1);
    expect(wrong).toMatch(/^WRONG {2}.*self-read: it denies iam:GetRole on the granted role\n {9}\S/);
    expect(wrong.split('\n').length).toBe(2);
  });

  it('finds no bubblewrap', async () => {
    const user = process.getuid?.() === 0 ? [] : ['--map-root-user'];
    const hidden = 'mount --bind /dev/null /usr/bin/bwrap && exec "$0" "$@"';
    const { code, wrong } = await doctor({}, { before: ['unshare', '--mount', ...user, 'sh', '-c', hidden] });
    expect(code).toBe(1);
    expect(wrong).toBe(
      'WRONG  sandboxes: /usr/bin/bwrap is not there\n         install bubblewrap: apt-get install bubblewrap',
    );
  });

  it('finds no container engine, and a policy with an image that the local driver would pass over', async () => {
    const image = `sha256:${'0'.repeat(64)}`;
    const docker = { PROD_ACCESS_SANDBOX: 'docker', DOCKER_HOST: 'unix:///nowhere/docker.sock' };
    const path = join(world.dir, 'image.yml');
    const policy: { targets: Record<string, object> } = parse(
      await readFile(world.env.PROD_ACCESS_POLICY ?? '', 'utf8'),
    );
    policy.targets.wiki = { ...policy.targets.wiki, sandbox: { image } };
    await writeFile(path, JSON.stringify(policy));
    const none = await doctor({
      ...docker,
      PROD_ACCESS_SANDBOX_IMAGE: image,
      PROD_ACCESS_POLICY: path,
    });
    expect(none.wrong).toMatch(
      /^WRONG {2}sandboxes: no container engine answers at \/nowhere\/docker\.sock\n {9}start it/,
    );
    expect(none.lines.join('\n')).toContain('ok     policy: 2 targets');
    const local = await doctor({ PROD_ACCESS_POLICY: path });
    expect(local.wrong).toMatch(/^WRONG {2}policy: 1 problems, .*the local driver uses the host's \/usr/);
  });

  it('finds a broken policy, and looks at the rest all the same', async () => {
    const path = join(world.dir, 'broken.yml');
    await writeFile(path, 'version: 1\nchannels: { audit: C0AUDIT }\n');
    const { code, lines, wrong } = await doctor({ PROD_ACCESS_POLICY: path });
    expect(code).toBe(1);
    expect(wrong).toMatch(
      /^WRONG {2}policy: \d+ problems, the first in line \d+: .*\n {9}"prod-access policy check/,
    );
    expect(lines.join('\n')).toContain('ok     Slack token: good for Look-alike');
    const none = await doctor({ PROD_ACCESS_POLICY: join(world.dir, 'none.yml') });
    expect(none.code).toBe(78);
    expect(none.wrong).toMatch(/^WRONG {2}PROD_ACCESS_POLICY: .*cannot be read\n {9}\S/);
  });

  it('finds what the environment lacks, all at once', async () => {
    const { code, wrong } = await doctor({ SLACK_BOT_TOKEN: '', REDIS_URL: 'http://nowhere' });
    expect(code).toBe(78);
    expect(wrong).toMatch(/^WRONG {2}SLACK_BOT_TOKEN: .*\n {9}\S/m);
    expect(wrong).toMatch(/^WRONG {2}REDIS_URL: .*\n {9}\S/m);
  });
});

describe('doctor, of the sign-in and the pages', () => {
  it('finds a secret that Slack does not know, and does not tell it', async () => {
    const { code, lines, wrong } = await doctor({ SLACK_CLIENT_SECRET: 'not-this-one' });
    expect(code).toBe(1);
    expect(wrong).toMatch(
      /^WRONG {2}sign-in client: Slack says bad_client_secret\n {9}set SLACK_CLIENT_SECRET/,
    );
    expect(lines.join('\n')).not.toContain('not-this-one');
  });

  it('says that they are off where neither id nor secret is set, and finds one without the other', async () => {
    const off = await doctor({ SLACK_CLIENT_ID: '', SLACK_CLIENT_SECRET: '' });
    expect([off.code, off.wrong]).toEqual([0, '']);
    expect(off.lines.join('\n')).toMatch(/^ok {5}sign-in: off, so there are no pages and no terminals/m);
    const half = await doctor({ SLACK_CLIENT_ID: '' });
    expect([half.code, half.wrong.split('\n')[0]]).toEqual([78, 'WRONG  SLACK_CLIENT_ID: is missing']);
  });

  it('finds that PUBLIC_URL leads to the bot that runs, and to its terminals', async () => {
    const bot = await world.startBot();
    const direct = `http://127.0.0.1:${bot.port}`;
    const well = await doctor({ PUBLIC_URL: direct, PORT: String(bot.port) });
    expect([well.code, well.wrong]).toEqual([0, '']);
    expect(well.lines).toContain(`ok     PUBLIC_URL: ${direct} leads to this bot`);
    expect(well.lines).toContain('ok     terminals: WebSockets get through');
    await bot.stop();
  });
});
