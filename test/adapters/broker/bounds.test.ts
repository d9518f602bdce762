import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { blockedReport } from '../../../src/adapters/broker/blocked-report.ts';
import { perSecond } from '../../../src/adapters/broker/per-second.ts';
import type { Blocked } from '../../../src/ports/brokers.ts';
import { handClock } from '../../support/hand-clock.ts';
import { floodFrom, floodGid } from './flood.ts';
import { askProxy, connectRequest, echo, ground, loopbackForward, restOf, upstream } from './ground.ts';

const egress = [{ host: 'db.example.com', port: 443, private: false }];

describe('an access that asks for too much', () => {
  it('is let in so many times a second, and everything else is counted once a second', async () => {
    const clock = handClock(1_000_000);
    await using far = await upstream(echo);
    await using it = await ground({ clock, spec: { forwards: [loopbackForward('db', far.port)] } });
    const knockAll = async (count: number): Promise<void> => {
      const clients = Array.from({ length: count }, () => it.knock('forward-db'));
      const before = it.told.opened.length;
      await Promise.all(clients.slice(10).map(restOf));
      await it.until(() => expect(it.told.opened).toHaveLength(before + 10));
    };
    await knockAll(47);
    await it.until(() => expect(far.sockets.size).toBe(10));
    expect(it.told.blocked).toEqual([]);
    clock.tick(1_000);
    await it.until(() => expect(it.told.blocked).toHaveLength(1));
    await knockAll(13);
    // Nothing of it is lost at the close.
    await it.broker.close('over');
    expect(it.told.blocked).toEqual(
      [37, 3].map((count) => ({
        by: 'db',
        host: '*',
        port: 0,
        count,
        why: `more than 10 attempts a second (${count} times)`,
      })),
    );
    expect(it.told.closed).toHaveLength(20);
  });

  it('has so many connections at once; who leaves makes room', async () => {
    await using far = await upstream(echo);
    await using it = await ground({
      spec: { egress, forwards: [loopbackForward('db', far.port)] },
      bounds: { connections: 3, attemptsPerSecond: 1_000 },
    });
    const clients = [1, 2, 3].map(() => it.knock('forward-db'));
    await it.until(() => expect(far.sockets.size).toBe(3));
    expect(await restOf(it.knock('forward-db'))).toBe('');
    const client = it.knock('proxy');
    const head = await askProxy(client, connectRequest('db.example.com:443'));
    expect(head.split('\r\n')[0]).toBe('HTTP/1.1 429 more than 3 connections at once');
    expect(await restOf(client)).toContain('Wait a second');
    clients[0]?.destroy();
    await it.until(() => expect(it.told.closed).toHaveLength(1));
    await it.until(async () => {
      it.knock('forward-db');
      await wait(10);
      expect(far.sockets.size).toBe(3);
    });
    await it.broker.close('over');
    expect(it.told.blocked[0]).toMatchObject({ host: '*', port: 0, count: 2 });
  });

  it('hears why, but not from a crowd of refused ones that stay', async () => {
    await using it = await ground({ clock: handClock(1_000_000), spec: { egress } });
    const clients = Array.from({ length: 10 + 16 + 5 }, () => it.knock('proxy'));
    const heard = await Promise.all(clients.slice(10).map(restOf));
    expect(heard.map((text) => text.split('\r\n')[0])).toEqual([
      ...Array<string>(16).fill('HTTP/1.1 429 more than 10 attempts a second'),
      ...Array<string>(5).fill(''),
    ]);
  });

  it('has what it still sends thrown away, so that it is gone as soon as it has said and heard all', async () => {
    // No time passes: nothing here may wait for a deadline.
    await using it = await ground({
      spec: { egress },
      clock: handClock(1_000_000),
      bounds: { attemptsPerSecond: 1 },
    });
    it.knock('proxy');
    const client = it.knock('proxy');
    let heard = '';
    client.on('data', (piece) => {
      heard += String(piece);
    });
    client.end(Buffer.alloc(4 * 1024 * 1024, 'x'));
    await once(client, 'close');
    expect(client.writableFinished).toBe(true);
    expect(heard).toMatch(/^HTTP\/1\.1 429 more than 1 attempts a second/);
  });

  it('floods without hurting another', async () => {
    await using far = await upstream(echo);
    await using calm = await ground({ spec: { forwards: [loopbackForward('db', far.port)] } });
    const dir = mkdtempSync(join(tmpdir(), 'broker-'));
    const sockets = { dir, gid: floodGid };
    await using mad = await ground({ spec: { sockets, egress, forwards: [loopbackForward('db', 1)] } });
    const client = calm.knock('forward-db');
    const roundTrip = async (): Promise<number> => {
      const began = performance.now();
      client.write('x');
      await once(client, 'data');
      return performance.now() - began;
    };
    await roundTrip();
    await using flood = await floodFrom(mad.dir, ['proxy', 'forward-db', 'credentials']);
    const times: number[] = [];
    const floodedSeconds = (): number => mad.told.blocked.filter(({ host }) => host === '*').length;
    while (floodedSeconds() < 3) times.push(await roundTrip());
    times.sort((one, other) => one - other);
    const { knocked, keptOut } = await flood.stop();
    expect(times[Math.floor(times.length * 0.95)] ?? 0).toBeLessThan(100);
    expect(calm.told.opened).toHaveLength(1);
    await mad.broker.close('over');
    // Whoever got as far as the door is counted; the kernel refused the others for us.
    expect(mad.told.blocked.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(100);
    expect(mad.told.blocked.length + mad.told.opened.length).toBeLessThan(100);
    expect(keptOut).toBeGreaterThan(knocked / 2);
  });
});

describe('a count per second', () => {
  it('begins anew after a second, and where the clock was set back', () => {
    const clock = handClock(5_000);
    const counts = perSecond(clock.now);
    expect([counts.count(), counts.count()].map(({ nth }) => nth)).toEqual([1, 2]);
    clock.tick(999);
    expect(counts.count()).toEqual({ nth: 3, leftMs: 1 });
    clock.tick(1);
    expect(counts.count()).toEqual({ nth: 1, leftMs: 1_000 });
    clock.tick(-3_600_000);
    expect(counts.count()).toEqual({ nth: 1, leftMs: 1_000 });
  });
});

describe('the report of what was blocked', () => {
  const attempt = (host: string) => ({ by: 'proxy', host, port: 443, why: 'not allowed' });

  it('tells one at a time, and those that wait together with their number', async () => {
    const told: Blocked[] = [];
    const gates: (() => void)[] = [];
    const report = blockedReport(handClock(0), async (blocked) => {
      told.push(blocked);
      await new Promise<void>((resolve) => gates.push(resolve));
    });
    for (const host of ['a', 'a', 'b', 'a']) report.add(attempt(host));
    expect(told).toEqual([{ ...attempt('a'), count: 1 }]);
    const finished = report.finish();
    while (gates.length > 0) {
      gates.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await finished;
    expect(told).toEqual([
      { ...attempt('a'), count: 1 },
      { ...attempt('a'), count: 2 },
      { ...attempt('b'), count: 1 },
    ]);
  });

  it('is bounded in what it remembers, and counts all of it', async () => {
    const told: Blocked[] = [];
    const held = Promise.withResolvers<void>();
    const report = blockedReport(handClock(0), async (blocked) => {
      await held.promise;
      told.push(blocked);
    });
    for (let n = 0; n < 5_000; n++) report.add(attempt(`host-${n}`));
    held.resolve();
    await report.finish();
    expect(told.length).toBeLessThan(70);
    expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(5_000);
    expect(told.at(-1)).toMatchObject({ host: '*', port: 0 });
  });

  it('goes on after it was finished, and after each end of waiting', async () => {
    const told: Blocked[] = [];
    const clock = handClock(0);
    const report = blockedReport(clock, async (blocked) => void told.push(blocked));
    report.addOver('db', '10 attempts a second');
    await report.finish();
    report.addOver('db', '10 attempts a second');
    report.addOver('proxy', '64 connections at once');
    clock.tick(1_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told.map(({ count, why }) => [count, why])).toEqual([
      [1, 'more than 10 attempts a second (1 times)'],
      [2, 'more than 10 attempts a second (1 times), 64 connections at once (1 times)'],
    ]);
  });
});
