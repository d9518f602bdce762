/** Nothing is carried that the ledger does not hold, and everything that it holds gets its end. */
import { describe, expect, it } from 'vitest';
import { handClock } from '../../support/hand-clock.ts';
import { echo, ground, loopbackForward, restOf, upstream } from './ground.ts';

describe('the record', () => {
  it('that rejects an opening refuses it, and the refusal is told', async () => {
    await using far = await upstream(echo);
    await using it = await ground({
      spec: { forwards: [loopbackForward('db', far.port)] },
      told: { opened: () => Promise.reject(new Error('the ledger is away')) },
    });
    const client = it.knock('forward-db');
    client.write('x');
    expect(await restOf(client)).toBe('');
    await it.until(() => expect(it.told.blocked).toHaveLength(1));
    expect(it.told.blocked[0]?.why).toMatch(/could not be recorded/);
    expect([it.dialled, it.told.closed]).toEqual([[], []]);
    expect(it.logged).toHaveLength(1);
  });

  it('that throws instead of rejecting does the same', async () => {
    await using it = await ground({
      spec: { forwards: [loopbackForward('db', 1)] },
      told: {
        opened: () => {
          throw new Error('a bug');
        },
      },
    });
    expect(await restOf(it.knock('forward-db'))).toBe('');
    expect(it.dialled).toEqual([]);
  });

  it('that takes too long refuses; where it was made after all, it gets its end', async () => {
    const clock = handClock(1_000_000);
    const held = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    await using it = await ground({
      spec: { forwards: [loopbackForward('db', 1)] },
      clock,
      told: {
        opened: () => {
          asked.resolve();
          return held.promise;
        },
      },
    });
    const client = it.knock('forward-db');
    await asked.promise;
    clock.tick(9_999);
    expect(client.destroyed).toBe(false);
    clock.tick(1);
    expect(await restOf(client)).toBe('');
    await it.until(() => expect(it.told.blocked).toHaveLength(1));
    held.resolve();
    await it.until(() => expect(it.told.closed).toHaveLength(1));
    expect(it.told.closed[0]).toEqual({
      connection: it.told.opened[0],
      carried: { bytesOut: 0, bytesIn: 0, seconds: 0, why: 'recorded too late, so never opened' },
    });
    expect(it.dialled).toEqual([]);
  });

  it('that is late is waited for at the close', async () => {
    const held = Promise.withResolvers<void>();
    await using it = await ground({
      spec: { forwards: [loopbackForward('db', 1)] },
      bounds: { confirmMs: 20 },
      told: { opened: () => held.promise },
    });
    await restOf(it.knock('forward-db'));
    const closing = it.broker.close('over');
    held.resolve();
    await closing;
    expect(it.told.closed).toHaveLength(1);
  });

  it('gets an end also from a broker that fails', async () => {
    await using it = await ground({
      spec: { forwards: [loopbackForward('db', 1)] },
      dial: () => {
        throw new Error('a bug');
      },
    });
    expect(await restOf(it.knock('forward-db'))).toBe('');
    await it.until(() => expect(it.told.closed).toHaveLength(1));
    expect(it.told.closed[0]?.carried.why).toBe('it failed in the broker');
    expect(it.logged).toHaveLength(1);
  });

  it('that rejects an end hears of it again, at growing intervals, until it is held', async () => {
    const clock = handClock(1_000_000);
    const tries: number[] = [];
    await using far = await upstream((socket) => socket.end());
    await using it = await ground({
      spec: { forwards: [loopbackForward('db', far.port)] },
      clock,
      told: {
        closed: async () => {
          tries.push(clock.now());
          if (tries.length < 5) throw new Error('the ledger is away');
        },
      },
    });
    const client = it.knock('forward-db');
    client.end();
    await restOf(client);
    await it.until(() => {
      clock.tick(50);
      expect(it.told.closed).toHaveLength(1);
    });
    const pauses = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
    expect(pauses).toHaveLength(4);
    expect(pauses.every((pause, index) => pause >= 100 * 2 ** index)).toBe(true);
    expect(it.logged).toHaveLength(4);
  });

  it('that is slow to take an end keeps nobody connected', async () => {
    const held = Promise.withResolvers<void>();
    await using it = await ground({
      spec: { forwards: [loopbackForward('db', 1)] },
      told: { closed: () => held.promise },
    });
    expect(await restOf(it.knock('forward-db'))).toBe('');
    expect(it.told.closed).toEqual([]);
    held.resolve();
    await it.until(() => expect(it.told.closed).toHaveLength(1));
  });

  it('that never takes an end is given up on, and the log says what is lost', async () => {
    const clock = handClock(1_000_000);
    await using far = await upstream((socket) => socket.end());
    await using it = await ground({
      spec: { forwards: [loopbackForward('db', far.port)] },
      clock,
      bounds: { patienceMs: 5_000 },
      told: { closed: () => Promise.reject(new Error('the ledger is away')) },
    });
    const client = it.knock('forward-db');
    client.end();
    await restOf(client);
    await it.until(() => {
      clock.tick(500);
      expect(JSON.stringify(it.logged.at(-1))).toContain('gives up');
    });
    expect(JSON.stringify(it.logged.at(-1))).toContain('"bytesOut":0');
  });

  it('knows how long a connection lasted, in whole seconds rounded up', async () => {
    const clock = handClock(1_000_000);
    await using far = await upstream(echo);
    await using it = await ground({ spec: { forwards: [loopbackForward('db', far.port)] }, clock });
    const client = it.knock('forward-db');
    await it.until(() => expect(far.sockets.size).toBe(1));
    client.write('x');
    await it.until(() => expect(client.bytesRead).toBe(1));
    clock.tick(61_001);
    client.end();
    await restOf(client);
    await it.until(() => expect(it.told.closed).toHaveLength(1));
    expect(it.told.closed[0]?.carried.seconds).toBe(62);
  });

  it('bounds how many openings wait for it at once', async () => {
    const held = Promise.withResolvers<void>();
    await using far = await upstream(echo);
    let waiting = 0;
    await using it = await ground({
      spec: { forwards: [loopbackForward('db', far.port)] },
      bounds: { unconfirmed: 3, attemptsPerSecond: 100 },
      told: {
        opened: () => {
          waiting += 1;
          return held.promise;
        },
      },
    });
    const clients = Array.from({ length: 8 }, () => it.knock('forward-db'));
    await it.until(() => expect(clients.filter(({ readableEnded }) => !readableEnded)).toHaveLength(8));
    for (const client of clients) client.resume();
    await it.until(() => expect(clients.filter(({ readableEnded }) => readableEnded)).toHaveLength(5));
    expect(waiting).toBe(3);
    held.resolve();
    await it.until(() => expect(far.sockets.size).toBe(3));
    // Answered for, they wait no more: others may.
    it.knock('forward-db');
    await it.until(() => expect(far.sockets.size).toBe(4));
    await it.broker.close('over');
    expect(it.told.blocked).toEqual([
      {
        by: 'db',
        host: '*',
        port: 0,
        count: 5,
        why: 'more than 3 connections waiting to be recorded (5 times)',
      },
    ]);
  });
});
