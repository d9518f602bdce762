import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Connection, connectRedis, hangUp } from '../../../src/adapters/redis/connect.ts';
import { redisLedger } from '../../../src/adapters/redis/ledger.ts';
import type { Head } from '../../../src/domain/audit.ts';
import { unproven } from '../../../src/domain/evidence.ts';
import { isRefused } from '../../../src/domain/refusal.ts';
import { step } from '../../../src/domain/step.ts';
import type { Ledger, Stored } from '../../../src/ports/ledger.ts';
import type { Witness } from '../../../src/ports/witness.ts';
import { ledgerContract } from '../../contract/ledger.ts';
import { newSigningKey, noon, someDraft, waitingAccess } from '../../support/builders.ts';
import { memoryLedger } from '../../support/memory-ledger.ts';
import { type RedisServer, startRedisServer } from '../../support/redis-server.ts';

let server: RedisServer;
let redis: Connection;
beforeAll(async () => {
  server = await startRedisServer();
  redis = connectRedis(server.url, 'prompt');
});
afterAll(async () => {
  hangUp(redis);
  await server[Symbol.asyncDispose]();
});

function memoryWitness(): Witness & { head: Head | undefined } {
  return {
    head: undefined,
    async last() {
      return this.head;
    },
    async saw(head) {
      this.head = head;
    },
  };
}

function make(
  options: { prefix?: string; witness?: Witness; signingKey?: ReturnType<typeof newSigningKey> } = {},
) {
  const signingKey = options.signingKey ?? newSigningKey();
  const prefix = options.prefix ?? `{t-${randomBytes(6).toString('hex')}}`;
  const witness = options.witness ?? memoryWitness();
  return {
    signingKey,
    prefix,
    witness,
    ledger: redisLedger({ redis, signingKey, clock: { now: () => noon }, witness, prefix }),
  };
}

async function begin(ledger: Ledger): Promise<Stored> {
  const { next, entries } = waitingAccess();
  const stored = await ledger.commit({ next }, entries);
  if (stored === 'conflict') throw new Error('conflict');
  return stored;
}

describe('the memory twin', () => {
  ledgerContract(async () => {
    const ledger = memoryLedger();
    return { ledger, signingKey: ledger.signingKey };
  });
});

describe('Redis', () => {
  ledgerContract(async () => make());

  it('keeps one order when two bots write at once', async () => {
    const one = make();
    const other = make(one);
    await Promise.all(
      Array.from({ length: 60 }, (_, index) => (index % 2 ? one : other).ledger.append([someDraft()])),
    );
    const trail = await one.ledger.trail(0, 1_000);
    expect(trail.map(({ entry }) => entry.seq)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
    expect(new Set(trail.map(({ entry }) => entry.chain)).size).toBe(1);
  });

  it('keeps what it confirmed, all of it and in one order, when calls under way behind a lost race or a lost answer fail', async () => {
    const { ledger, prefix } = make();
    const stale = await begin(ledger);
    const stepped = step(stale.access, { kind: 'withdraw' }, noon + 1);
    if (isRefused(stepped)) throw new Error('refused');
    const { next, entries } = stepped;
    await ledger.commit({ next, from: stale }, entries);

    const killer = connectRedis(server.url, 'prompt');
    const kept: string[] = [];
    const outcomes = { lost: 0, failed: 0 };
    const write = async (writer: number, turn: number): Promise<void> => {
      if (turn % 5 === 0 && (await ledger.commit({ next, from: stale }, entries)) === 'conflict')
        outcomes.lost += 1;
      if (writer === 0 && turn % 7 === 3)
        await killer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      const fresh = waitingAccess();
      await ledger.commit({ next: fresh.next }, fresh.entries).then(
        (committed) => {
          expect(committed).not.toBe('conflict');
          kept.push(fresh.next.request.id);
        },
        () => (outcomes.failed += 1),
      );
    };
    await Promise.all(
      Array.from({ length: 100 }, async (_, writer) => {
        for (let turn = 0; turn < 20; turn += 1)
          await write(writer, turn).catch(() => (outcomes.failed += 1));
      }),
    );
    hangUp(killer);
    expect(outcomes.lost).toBeGreaterThan(0);
    expect(outcomes.failed).toBeGreaterThan(0);
    expect(kept.length).toBeGreaterThan(1_000);

    const lines: { entry: string }[] = [];
    for await (const line of ledger.dump()) lines.push(line);
    const told = lines.map(({ entry }) => JSON.parse(entry));
    expect(told.map(({ seq }) => seq)).toEqual(lines.map((_, at) => at + 1));
    expect(new Set(told.map(({ chain }) => chain)).size).toBe(1);
    for (const id of kept) expect(told.filter(({ access }) => access === id)).toHaveLength(1);
    expect(await redis.scard(`${prefix}:unfinished`)).toBeGreaterThanOrEqual(kept.length);
  });

  it('reads a record that somebody else wrote as forged', async () => {
    const { ledger, prefix } = make();
    const { id } = (await begin(ledger)).access.request;
    const row = (await redis.hget(`${prefix}:access:${id}`, 'row')) ?? '';
    await redis.hset(`${prefix}:access:${id}`, 'row', row.replace('"waiting"', '"approved"'));
    expect(await ledger.read(id)).toBe('forged');
  });

  it('reads a record that was copied to another id as forged', async () => {
    const { ledger, prefix } = make();
    const { id } = (await begin(ledger)).access.request;
    const twin = (await begin(ledger)).access.request.id;
    await redis.del(`${prefix}:access:${twin}`);
    await redis.hset(`${prefix}:access:${twin}`, await redis.hgetall(`${prefix}:access:${id}`));
    expect(await ledger.read(twin)).toBe('forged');
  });

  it('begins a new chain that names the last witnessed entry when Redis was emptied, also while running', async () => {
    const { ledger, prefix } = make();
    await ledger.append([someDraft(), someDraft()]);
    const before = await ledger.head();
    await redis.del(`${prefix}:audit`);
    await ledger.append([someDraft()]);
    const trail = await ledger.trail(0, 10);
    expect(trail.map(({ entry }) => entry.action)).toEqual(['ledger.lost', 'alarm.raised', 'vote.refused']);
    expect(trail[0]?.entry.details).toMatchObject({ chain: before.chain, seq: 2, hash: before.hash });
    expect(trail[0]?.entry.chain).not.toBe(before.chain);
  });

  it.each([
    ['the last entry cut off', async (key: string, ids: string[]) => redis.xdel(key, ids[2] ?? '')],
    [
      'an entry appended by somebody else',
      async (key: string) => redis.xadd(key, '*', 'entry', '{"forged":true}'),
    ],
  ])('after a restart finds %s by its witness and begins a new chain', async (_, harm) => {
    const made = make();
    await made.ledger.append([someDraft(), someDraft()]);
    await made.ledger.append([someDraft()]);
    const before = await made.ledger.head();
    const ids = (await redis.xrange(`${made.prefix}:audit`, '-', '+')).map(([id]) => id);
    await harm(`${made.prefix}:audit`, ids);
    const again = make(made);
    await again.ledger.append([someDraft()]);
    const [first] = await again.ledger.trail(0, 10);
    expect(first?.entry).toMatchObject({
      action: 'ledger.lost',
      seq: 1,
      details: { chain: before.chain, seq: 3 },
    });
  });

  it('goes on with the chain after a restart', async () => {
    const made = make();
    await made.ledger.append([someDraft()]);
    await make(made).ledger.append([someDraft()]);
    expect((await made.ledger.trail(0, 10)).map(({ entry }) => [entry.seq, entry.action])).toEqual([
      [1, 'vote.refused'],
      [2, 'vote.refused'],
    ]);
  });

  it('gives no evidence for a record from a chain that was lost, nor for one that was put back', async () => {
    const { ledger, prefix } = make();
    const stored = await begin(ledger);
    const { id } = stored.access.request;
    const backup = await redis.hgetall(`${prefix}:access:${id}`);
    const withdrawn = { ...stored.access, state: 'withdrawn', at: noon } as const;
    await ledger.commit({ next: withdrawn, from: stored }, [
      someDraft({ action: 'access.withdrawn', access: id }),
    ]);
    await redis.del(`${prefix}:access:${id}`);
    await redis.hset(`${prefix}:access:${id}`, backup);
    const put = await ledger.read(id);
    if (typeof put === 'string') throw new Error(put);
    const evidence = await ledger.evidence(put);
    expect('entries' in evidence && unproven(put.access, evidence.entries)).toBe(
      'the trail says access.withdrawn',
    );

    await redis.del(`${prefix}:audit`);
    await ledger.append([someDraft()]);
    expect(await ledger.evidence(stored)).toHaveProperty('flaw');
  });
});
