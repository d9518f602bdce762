/** When people last signed out: in Redis, and the twin of tests beside it. */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Connection, connectRedis, hangUp } from '../../../src/adapters/redis/connect.ts';
import { redisSignOuts } from '../../../src/adapters/redis/sign-outs.ts';
import { signOutsContract } from '../../contract/sign-outs.ts';
import { noon } from '../../support/builders.ts';
import { handClock } from '../../support/hand-clock.ts';
import { memorySignOuts } from '../../support/memory-sign-outs.ts';
import { freePort, type RedisServer, startRedisServer } from '../../support/redis-server.ts';

let server: RedisServer;
let redis: Connection;
let second: Connection;
beforeAll(async () => {
  server = await startRedisServer();
  redis = connectRedis(server.url, 'prompt');
  second = connectRedis(server.url, 'prompt');
});
afterAll(async () => {
  hangUp(redis);
  hangUp(second);
  await server[Symbol.asyncDispose]();
});

const newPrefix = (): string => `{t-${randomBytes(6).toString('hex')}}`;

signOutsContract('memory', () => {
  const clock = handClock(noon);
  const one = memorySignOuts(clock);
  return { one, other: one, pass: async (ms) => clock.tick(ms) };
});

signOutsContract('Redis', () => {
  const prefix = newPrefix();
  return {
    one: redisSignOuts(redis, prefix),
    other: redisSignOuts(second, prefix),
    pass: (ms) => wait(ms),
  };
});

it('is one key of the install for each person, which has an end', async () => {
  const prefix = newPrefix();
  await redisSignOuts(redis, prefix).mark('U0ANA', noon, 28_800_000);
  expect(await redis.keys(`${prefix}*`)).toEqual([`${prefix}:signed-out:U0ANA`]);
  const leftMs = await redis.pttl(`${prefix}:signed-out:U0ANA`);
  expect(leftMs).toBeGreaterThan(28_700_000);
  expect(leftMs).toBeLessThanOrEqual(28_800_000);
});

it.each([
  ['a text', (key: string) => redis.set(key, 'never')],
  ['nothing', (key: string) => redis.set(key, '')],
  ['a time below zero', (key: string) => redis.set(key, '-1')],
  ['part of a number', (key: string) => redis.set(key, `${noon}.5`)],
  ['another kind of value', (key: string) => redis.hset(key, 'at', '0')],
])('takes %s that somebody else wrote for no answer, and the next mark takes its place', async (_, write) => {
  const prefix = newPrefix();
  const signOuts = redisSignOuts(redis, prefix);
  await write(`${prefix}:signed-out:U0ANA`);
  await expect(signOuts.last('U0ANA')).rejects.toMatchObject({ name: 'SignOutsFault' });
  await signOuts.mark('U0ANA', noon, 1_000);
  expect(await signOuts.last('U0ANA')).toBe(noon);
});

it('says so where Redis is away, of marking and of asking', async () => {
  const nowhere = connectRedis(`redis://127.0.0.1:${await freePort()}`, 'prompt');
  try {
    const signOuts = redisSignOuts(nowhere, newPrefix());
    const fault = { name: 'SignOutsFault', code: 'unavailable', retryable: true };
    await expect(signOuts.last('U0ANA')).rejects.toMatchObject(fault);
    await expect(signOuts.mark('U0ANA', noon, 1_000)).rejects.toMatchObject(fault);
  } finally {
    hangUp(nowhere);
  }
});
