/** What happens when Redis is emptied or written to by somebody else, and when AWS does not want to. */
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { verifyChain } from '../../src/domain/verify-chain.ts';
import { activeAccess, askForWiki, of } from '../support/wiki-life.ts';
import { openWorld } from '../support/world.ts';

it('takes role and sandbox away by their end when Redis was emptied, and begins a chain that says so', async () => {
  await using world = await openWorld();
  await world.startBot();
  const id = await activeAccess(world, '14s');
  const head = (await world.entries()).at(-1);
  await world.withRedis((redis) => redis.flushall());
  const lost = await world.untilEntry(({ action }) => action === 'ledger.lost', 15_000);
  expect(lost).toMatchObject({ seq: 1, details: { chain: head?.chain } });
  expect(Number(lost.details.seq)).toBeGreaterThanOrEqual(head?.seq ?? 0);
  expect(world.aws.roles().map(({ name }) => name)).toEqual([id]);
  await world.untilEntry(of(id, 'sweep.repaired'), 40_000);
  expect(world.aws.roles()).toEqual([]);
}, 90_000);

it('takes away all the same while AWS throttles and conflicts', async () => {
  await using world = await openWorld();
  await world.startBot();
  const id = await activeAccess(world, '3s');
  world.aws.inject({ action: 'PutRolePolicy', error: 'Throttling', times: 4 });
  world.aws.inject({ action: 'DetachRolePolicy', error: 'ConcurrentModification', times: 3 });
  world.aws.inject({ action: 'DeleteRole', error: 'DeleteConflict', times: 3 });
  world.aws.inject({ action: 'DeleteRolePolicy', error: 'ServiceFailure', times: 3 });
  await world.untilEntry(of(id, 'access.revoked'), 60_000);
  expect(world.aws.roles()).toEqual([]);
}, 90_000);

it('grants nothing for a record that was written by somebody else, and raises the alarm', async () => {
  await using world = await openWorld();
  await world.startBot();
  const id = await askForWiki(world, '30s');
  const key = `{prod-access}:access:${id}`;
  await world.withRedis(async (redis) => {
    const row = (await redis.hget(key, 'row')) ?? '';
    const forged = row.replace(
      '"state":"waiting"',
      `"state":"approved","basis":{"by":"votes"},"approvedAt":${Date.now()},"giveUpAt":${Date.now() + 600_000}`,
    );
    expect(forged).not.toBe(row);
    await redis.hset(key, 'row', forged);
  });
  await world.untilEntry(of(id, 'alarm.raised'), 20_000);
  expect(world.aws.counts().CreateRole ?? 0).toBe(0);
}, 60_000);

it('ends on time although the end was moved in the record', async () => {
  await using world = await openWorld();
  const bot = await world.startBot();
  const id = await activeAccess(world, '6s');
  const key = `{prod-access}:access:${id}`;
  await world.withRedis(async (redis) => {
    const row = (await redis.hget(key, 'row')) ?? '';
    await redis.hset(
      key,
      'row',
      row.replace(/"endsAt":(\d+)/, (_, end: string) => `"endsAt":${Number(end) + 3_600_000}`),
    );
  });
  await world.untilEntry(of(id, 'alarm.raised'), 20_000);
  await world.untilEntry(of(id, 'sweep.repaired'), 90_000);
  expect(world.aws.roles()).toEqual([]);
  await bot.stop();
  const publicKey = createPublicKey(await readFile(world.env.PROD_ACCESS_SIGNING_KEY ?? ''));
  expect(verifyChain(await world.lines(), [publicKey]).flaws).toEqual([]);
}, 120_000);
