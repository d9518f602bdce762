/** Whoever writes to Redis puts an older record back, and wins nothing: what was ended ends, and the alarm says why. */
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { allProcesses, labelsIn } from '../../src/adapters/sandbox/local/processes.ts';
import { webPerson } from '../support/web-person.ts';
import { approveAsLea, askForWiki, of } from '../support/wiki-life.ts';
import { type Bot, openWorld, type World } from '../support/world.ts';

const keyOf = (access: string): string => `{prod-access}:access:${access}`;
const processesOf = (access: string): number =>
  allProcesses().filter(({ argv }) => labelsIn(argv)?.access === access).length;

async function activeWiki(world: World): Promise<string> {
  const access = await askForWiki(world, '10m');
  await approveAsLea(world, access);
  await world.untilEntry(of(access, 'access.active'), 60_000);
  return access;
}

async function untilGone(world: World, access: string): Promise<void> {
  const until = Date.now() + 60_000;
  while (processesOf(access) > 0 || world.aws.roles().some(({ name }) => name === access)) {
    if (Date.now() > until) throw new Error(`${access} still stands`);
    await wait(100);
  }
}

let world: World;
let bot: Bot;
beforeAll(async () => {
  world = await openWorld();
  bot = await world.startBot();
  return () => world[Symbol.asyncDispose]();
}, 90_000);

it('a revoke stands although its record is undone again and again, and left out of the index', async () => {
  const access = await activeWiki(world);
  const [ana, lea] = [webPerson(world, bot.port, 'U0ANA'), webPerson(world, bot.port, 'U0LEA')];
  await Promise.all([ana.signIn(), lea.signIn()]);
  const terminal = ana.terminal(`/accesses/${access}/socket`);
  await terminal.until(/\$ /);
  const old = await world.withRedis((redis) => redis.hgetall(keyOf(access)));
  let stop = false;
  const undo = world.withRedis(async (redis) => {
    let undone = 0;
    while (!stop) {
      await redis.srem('{prod-access}:unfinished', access);
      if ((await redis.hget(keyOf(access), 'version')) === old.version) continue;
      await redis.hset(keyOf(access), old);
      undone += 1;
    }
    return undone;
  });
  await lea.post(`/accesses/${access}/revoke`);
  const ending = await world.untilEntry(of(access, 'access.ending'));
  try {
    await world.untilEntry(of(access, 'session.ended'), 10_000);
    await untilGone(world, access);
  } finally {
    stop = true;
  }
  expect(await undo).toBeGreaterThan(0);
  // Nobody writes any more: the ledger comes to say what is.
  await world.untilEntry(of(access, 'access.failed'), 30_000);
  const told = (await world.entries()).filter((entry) => entry.access === access);
  expect(told.filter(({ action }) => action === 'alarm.raised').map(({ details }) => details)).toContainEqual(
    {
      what: 'an access does not verify',
      why: 'the trail is further on: it says access.ending',
    },
  );
  expect(told.filter(({ action, seq }) => action === 'credentials.vended' && seq > ending.seq)).toEqual([]);
  expect((await lea.get(`/accesses/${access}`)).text).toMatch(/<dt>State<\/dt><dd>failed/);
}, 150_000);

it('a record that is put back while the bot is down is found out when it starts', async () => {
  const access = await activeWiki(world);
  const lea = webPerson(world, bot.port, 'U0LEA');
  await lea.signIn();
  const old = await world.withRedis((redis) => redis.hgetall(keyOf(access)));
  await lea.post(`/accesses/${access}/revoke`);
  await world.untilEntry(of(access, 'access.ending'));
  await bot.kill('process');
  await world.withRedis(async (redis) => {
    await redis.hset(keyOf(access), old);
    await redis.srem('{prod-access}:unfinished', access);
    const queued = await redis.keys('{prod-access}:queue:*');
    if (queued.length > 0) await redis.del(...queued);
  });
  bot = await world.startBot();
  await world.untilEntry(of(access, 'alarm.raised'), 30_000);
  await untilGone(world, access);
}, 150_000);

it('nor does an access live on whose record is taken out after it was revoked', async () => {
  const access = await activeWiki(world);
  const lea = webPerson(world, bot.port, 'U0LEA');
  await lea.signIn();
  await world.withRedis(async (redis) => {
    const answered = lea.post(`/accesses/${access}/revoke`);
    while ((await redis.hget(keyOf(access), 'row'))?.includes('"revoking"') !== true);
    await redis.del(keyOf(access));
    await answered;
  });
  await untilGone(world, access);
}, 150_000);
