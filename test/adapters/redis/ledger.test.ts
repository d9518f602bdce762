import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Connection, connectRedis, hangUp } from '../../../src/adapters/redis/connect.ts';
import { redisLedger } from '../../../src/adapters/redis/ledger.ts';
import type { Head } from '../../../src/domain/audit.ts';
import { isRefused } from '../../../src/domain/refusal.ts';
import { step } from '../../../src/domain/step.ts';
import { isStored, type Ledger, type Stored } from '../../../src/ports/ledger.ts';
import type { Witness } from '../../../src/ports/witness.ts';
import { ledgerContract } from '../../contract/ledger.ts';
import { newId, newSigningKey, noon, someDraft, waitingAccess } from '../../support/builders.ts';
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

  it('gives no evidence for a record from a chain that was lost', async () => {
    const { ledger, prefix } = make();
    const stored = await begin(ledger);
    await redis.del(`${prefix}:audit`);
    await ledger.append([someDraft()]);
    expect(await ledger.evidence(stored)).toHaveProperty('flaw');
  });
});

describe('an older record that was put back', () => {
  const further = { outdated: { version: 1 }, says: 'the trail is further on: it says access.withdrawn' };
  const lost = { outdated: { version: 1 }, says: 'its entries are in a chain that was lost' };

  /** A waiting access, how its record stood, and a withdrawal by another process. */
  async function withdrawn(seen: 'while it ran' | 'by others') {
    const one = make();
    const other = make(one);
    const stored = await begin(one.ledger);
    const { id } = stored.access.request;
    const key = `${one.prefix}:access:${id}`;
    const before = await redis.hgetall(key);
    if (seen === 'while it ran') await one.ledger.read(id);
    const stepped = step(stored.access, { kind: 'withdraw' }, noon + 1);
    if (isRefused(stepped)) throw new Error('refused');
    await other.ledger.commit({ next: stepped.next, from: stored }, stepped.entries);
    const putBack = (): Promise<unknown> => redis.hset(key, before);
    return { ...one, other: other.ledger, id, key, putBack };
  }

  it.each(['while it ran', 'by others'] as const)(
    'is outdated for who followed the change %s',
    async (seen) => {
      const { ledger, other, id, putBack } = await withdrawn(seen);
      expect(await ledger.read(id)).toMatchObject({ access: { state: 'withdrawn' } });
      await putBack();
      expect(await ledger.read(id)).toMatchObject(further);
      expect(await other.read(id)).toMatchObject(further);
    },
  );

  it('is outdated for a process that was just started, and after much else was told', async () => {
    const made = await withdrawn('by others');
    await made.ledger.append(Array.from({ length: 1_200 }, () => someDraft()));
    await made.putBack();
    expect(await make(made).ledger.read(made.id)).toMatchObject(further);
  });

  it('is outdated although the trail was cut off, for who has read it', async () => {
    const { ledger, prefix, id, putBack } = await withdrawn('while it ran');
    await ledger.read(id);
    const [last] = await redis.xrevrange(`${prefix}:audit`, '+', '-', 'COUNT', 1);
    await redis.xdel(`${prefix}:audit`, last?.[0] ?? '');
    await putBack();
    expect(await ledger.read(id)).toHaveProperty('outdated');
    await ledger.append([someDraft()]);
    expect(await ledger.read(id)).toMatchObject(lost);
  });

  it('is outdated although the trail was cut off before a start, by the witness', async () => {
    const made = await withdrawn('by others');
    const [last] = await redis.xrevrange(`${made.prefix}:audit`, '+', '-', 'COUNT', 1);
    await redis.xdel(`${made.prefix}:audit`, last?.[0] ?? '');
    await made.putBack();
    const { ledger } = make(made);
    expect(await ledger.read(made.id)).toMatchObject(lost);
    await ledger.head();
    expect((await ledger.trail(0, 5)).map(({ entry }) => entry.action)).toEqual([
      'ledger.lost',
      'alarm.raised',
    ]);
    expect(await ledger.read(made.id)).toMatchObject(lost);
  });

  it('is outdated where an entry behind the last signature was changed', async () => {
    const { ledger, prefix, id } = await withdrawn('while it ran');
    const fresh = await begin(ledger);
    await ledger.read(fresh.access.request.id);
    await redis.xadd(`${prefix}:audit`, '*', 'entry', '{}');
    expect(await ledger.read(fresh.access.request.id)).toHaveProperty('outdated');
    expect(await ledger.read(id)).toMatchObject({ access: { state: 'withdrawn' } });
  });

  it('is no longer so once it was ended by a change of its own', async () => {
    const { ledger, id, putBack } = await withdrawn('by others');
    await putBack();
    const read = await ledger.read(id);
    if (typeof read === 'string' || !('outdated' in read)) throw new Error('not outdated');
    const { outdated } = read;
    const end = step(
      outdated.access,
      { kind: 'revoke', by: { kind: 'bot', id: 'x', name: 'x' }, why: 'put back' },
      noon + 2,
    );
    if (isRefused(end)) throw new Error('refused');
    await ledger.commit({ next: end.next, from: outdated }, end.entries);
    expect(await ledger.read(id)).toMatchObject({ version: 2, access: { state: 'rejected' } });
  });

  it('is not what a change is taken for that comes between two readings', async () => {
    const one = make();
    const other = make(one);
    let stored = await begin(one.ledger);
    const { id } = stored.access.request;
    let over = false;
    const seen: number[] = [];
    const read = async (ledger: Ledger): Promise<void> => {
      while (!over) {
        const found = await ledger.read(id);
        if (!isStored(found)) throw new Error(JSON.stringify(found));
        seen.push(found.version);
      }
    };
    const readers = [one, other, make(one)].flatMap(({ ledger }) => [read(ledger), read(ledger)]);
    for (let turn = 0; turn < 150; turn += 1) {
      const { ledger } = turn % 2 === 0 ? one : other;
      const voted = someDraft({ action: 'vote.approved', access: id });
      const committed = await ledger.commit({ next: stored.access, from: stored }, [someDraft(), voted]);
      if (committed === 'conflict') throw new Error('conflict');
      stored = committed;
      if (turn % 10 === 0) await begin(other.ledger);
    }
    over = true;
    await Promise.all(readers);
    expect(new Set(seen).size).toBeGreaterThan(20);
    expect(await one.ledger.read(id)).toEqual(stored);
  });
});

describe('what the trail tells of an access', () => {
  it('is its newest change, also where its record is gone, and nothing where it was never told of', async () => {
    const made = make();
    const { id } = (await begin(made.ledger)).access.request;
    await made.ledger.append([someDraft({ access: id })]);
    await redis.del(`${made.prefix}:access:${id}`);
    expect(await make(made).ledger.newest(id)).toBe('access.requested');
    expect(await made.ledger.newest(newId())).toBeUndefined();
  });

  it('names an access as unfinished that was taken out of the index', async () => {
    const { ledger, prefix } = make();
    const { id } = (await begin(ledger)).access.request;
    await ledger.read(id);
    await redis.srem(`${prefix}:unfinished`, id);
    expect(await ledger.unfinished()).toEqual([id]);
  });
});
