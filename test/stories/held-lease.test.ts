/** Whoever writes to Redis takes the lease of an access before its revoke, and the queue's job too: it is revoked. */
import { setTimeout as wait } from 'node:timers/promises';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { expect, it } from 'vitest';
import { allProcesses, labelsIn } from '../../src/adapters/sandbox/local/processes.ts';
import { webPerson } from '../support/web-person.ts';
import { approveAsLea, askForWiki, of } from '../support/wiki-life.ts';
import { openWorld, type World } from '../support/world.ts';

const processesOf = (access: string): number =>
  allProcesses().filter(({ argv }) => labelsIn(argv)?.access === access).length;

async function activeWiki(world: World): Promise<string> {
  const access = await askForWiki(world, '10m');
  await approveAsLea(world, access);
  await world.untilEntry(of(access, 'access.active'), 60_000);
  return access;
}

it('a lease that somebody else holds for ever holds no revoke off: copied credentials die, the sandbox goes', async () => {
  await using world = await openWorld();
  const bot = await world.startBot();
  const access = await activeWiki(world);
  const [ana, lea] = [webPerson(world, bot.port, 'U0ANA'), webPerson(world, bot.port, 'U0LEA')];
  await Promise.all([ana.signIn(), lea.signIn()]);
  const terminal = ana.terminal(`/accesses/${access}/socket?cols=1000`);
  await terminal.until(/\$ /);
  terminal.type(
    'curl -s -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" $AWS_CONTAINER_CREDENTIALS_FULL_URI\n',
  );
  const [text] = await terminal.until(/\{[^{}]*"Token"[^{}]*\}/);
  const copied = JSON.parse(text.replaceAll(/\s/g, ''));
  const iam = new IAMClient({
    region: 'eu-west-1',
    endpoint: world.aws.url,
    maxAttempts: 1,
    credentials: {
      accessKeyId: copied.AccessKeyId,
      secretAccessKey: copied.SecretAccessKey,
      sessionToken: copied.Token,
    },
  });
  const works = (): Promise<boolean> =>
    iam.send(new GetRoleCommand({ RoleName: access })).then(
      () => true,
      () => false,
    );
  expect(await works()).toBe(true);
  await world.withRedis((redis) => redis.set(`{prod-access}:lease:access:${access}`, 'mine'));
  await lea.post(`/accesses/${access}/revoke`);
  await world.untilEntry(of(access, 'access.revoked'), 60_000);
  expect(await works()).toBe(false);
  expect(processesOf(access)).toBe(0);
  iam.destroy();
  const alarm = (await world.entries()).find(of(access, 'alarm.raised'));
  expect(alarm?.details.what).toBe('somebody holds the lease of an access, and does not let go');
}, 150_000);

it('nor does a job that was laid before it, with the access left out of the index', async () => {
  await using world = await openWorld();
  const bot = await world.startBot();
  const access = await activeWiki(world);
  const lea = webPerson(world, bot.port, 'U0LEA');
  await lea.signIn();
  await world.withRedis(async (redis) => {
    // The ids of jobs can be guessed; one that is there already is not added again.
    for (let version = 1; version < 20; version += 1)
      await redis.hset(`{prod-access}:queue:end:revoke-${access}-${version}`, { name: 'revoke', data: '{}' });
    const answered = lea.post(`/accesses/${access}/revoke`);
    while ((await redis.hget(`{prod-access}:access:${access}`, 'row'))?.includes('"revoking"') !== true);
    await redis.srem('{prod-access}:unfinished', access);
    await answered;
  });
  await world.untilEntry(of(access, 'access.revoked'), 60_000);
  const until = Date.now() + 10_000;
  while (processesOf(access) > 0 && Date.now() < until) await wait(100);
  expect(processesOf(access)).toBe(0);
  expect(world.aws.roles()).toEqual([]);
}, 150_000);
