import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { hostBrokers } from '../../../src/adapters/broker/host-brokers.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import { BrokerFault } from '../../../src/ports/brokers.ts';
import { newAccess } from '../../contract/sandboxes.ts';
import { handClock } from '../../support/hand-clock.ts';
import { connectRequest, dialTo, echo, ground, loopbackForward, restOf, token, upstream } from './ground.ts';
import { hello, sni } from './hello-bytes.ts';
import { startMortal } from './mortal-broker.ts';

const egress = [{ host: 'db.example.com', port: 443, private: false }];

describe('closing a broker', () => {
  it('cuts every connection with its reason, takes the sockets away, and is done once', async () => {
    await using far = await upstream(echo);
    await using it = await ground({ spec: { egress, forwards: [loopbackForward('db', far.port)] } });
    expect(readdirSync(it.dir).sort()).toEqual(['credentials', 'forward-db', 'proxy']);
    const clients = [it.knock('forward-db'), it.knock('forward-db')];
    for (const client of clients) client.write('12345');
    await it.until(() => expect(clients.map(({ bytesRead }) => bytesRead)).toEqual([5, 5]));
    const half = it.knock('proxy');
    half.write('CONNECT db.exam');
    const closing = it.broker.close('the access was revoked');
    expect(readdirSync(it.dir)).toEqual([]);
    expect(it.broker.close('again')).toBe(closing);
    await closing;
    expect(it.told.closed.map(({ carried }) => carried)).toEqual(
      clients.map(() => ({ bytesOut: 5, bytesIn: 5, seconds: 1, why: 'the access was revoked' })),
    );
    await Promise.all([...clients, half].map(restOf));
    await it.until(() => expect(far.sockets.size).toBe(0));
    const [error] = await once(it.knock('forward-db'), 'error');
    expect(error).toMatchObject({ code: 'ENOENT' });
  });

  it('is what ended a connection of which one half was left', async () => {
    await using far = await upstream((socket) => socket.resume());
    await using it = await ground({ spec: { forwards: [loopbackForward('db', far.port)] } });
    const client = it.knock('forward-db');
    client.end('x');
    await it.until(() => expect([...far.sockets][0]?.readableEnded).toBe(true));
    await it.broker.close('revoked');
    expect(it.told.closed[0]?.carried).toMatchObject({ bytesOut: 1, why: 'revoked' });
  });

  it('gives up what is still being connected', async () => {
    const server = new Socket();
    await using it = await ground({
      // No time passes: nothing here may wait for a deadline.
      clock: handClock(1_000_000),
      spec: { forwards: [loopbackForward('db', 1)] },
      dial: () => server,
    });
    it.knock('forward-db');
    await it.until(() => expect(it.dialled).toHaveLength(1));
    await it.broker.close('revoked');
    expect(server.destroyed).toBe(true);
    expect(it.told.closed[0]?.carried).toEqual({ bytesOut: 0, bytesIn: 0, seconds: 0, why: 'revoked' });
    expect(it.logged).toEqual([]);
  });

  it('waits for the ends to be recorded, for a bounded time', async () => {
    const held = Promise.withResolvers<void>();
    await using far = await upstream(echo);
    await using it = await ground({
      spec: { forwards: [loopbackForward('db', far.port)] },
      bounds: { closeMs: 100 },
      told: { closed: () => held.promise },
    });
    it.knock('forward-db');
    await it.until(() => expect(far.sockets.size).toBe(1));
    const began = performance.now();
    await it.broker.close('over');
    expect(performance.now() - began).toBeGreaterThan(90);
    await it.until(() => expect(far.sockets.size).toBe(0));
    expect(JSON.stringify(it.logged)).toContain('before all of its ends were on the record');
    held.resolve();
    await it.until(() => expect(it.told.closed).toHaveLength(1));
  });

  it('leaves nothing open, however far a connection had got', async () => {
    await using far = await upstream(echo);
    for (let round = 0; round < 40; round++) {
      const calls: (() => void)[] = [];
      await using it = await ground({
        spec: { egress, forwards: [loopbackForward('db', far.port)] },
        bounds: { attemptsPerSecond: 1_000, unconfirmed: 100 },
        dial: dialTo(far.port),
        // Every stage takes a random while.
        lookup: async () => {
          await wait(Math.random() * 6);
          return ['93.184.216.34'];
        },
        told: { opened: () => wait(Math.random() * 6) },
      });
      const clients: Socket[] = [];
      for (let n = 0; n < 20; n++) {
        const client = it.knock(n % 2 === 0 ? 'forward-db' : 'proxy');
        client.resume();
        if (n % 2 === 1)
          client.write(
            Buffer.concat([Buffer.from(connectRequest('db.example.com:443')), hello(sni('db.example.com'))]),
          );
        else client.write('x');
        clients.push(client);
        calls.push(() => client.write('y'));
      }
      await wait(Math.random() * 16);
      await it.broker.close('over');
      const dialled = it.dialled.length;
      for (const call of calls) call();
      await it.until(() =>
        expect(clients.every(({ readableEnded, destroyed }) => readableEnded || destroyed)).toBe(true),
      );
      await it.until(() => expect(far.sockets.size).toBe(0));
      expect(it.dialled).toHaveLength(dialled);
      const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id).sort();
      expect(ids(it.told.closed.map(({ connection }) => connection))).toEqual(ids(it.told.opened));
      expect(it.logged).toEqual([]);
    }
  });
});

describe('the sockets of a broker', () => {
  const place = (dir: string) => ({ dir, gid: process.getgid?.() ?? 0 });
  const spec = (dir: string) => ({
    access: newAccess(),
    sockets: place(dir),
    egress: [],
    forwards: [],
    credentialsToken: token,
  });
  const told = {
    opened: async () => {},
    closed: async () => {},
    blocked: async () => {},
    vend: () => Promise.reject(new Error('not here')),
  };
  const brokers = hostBrokers({ clock: systemClock, log: { warn: () => {}, error: () => {} } });

  it('are for the group of the sandbox and nobody else, whatever the umask', async () => {
    const before = process.umask(0);
    try {
      const gid = process.getuid?.() === 0 ? 4242 : (process.getgid?.() ?? 0);
      const dir = mkdtempSync(join(tmpdir(), 'broker-'));
      await using _it = await ground({ spec: { sockets: { dir, gid } } });
      const found = statSync(join(dir, 'credentials'));
      expect([found.mode & 0o777, found.gid]).toEqual([0o660, gid]);
    } finally {
      process.umask(before);
    }
  });

  it('replace what a dead process left', async () => {
    await using mortal = await startMortal();
    await mortal.kill();
    expect(existsSync(join(mortal.dir, 'credentials'))).toBe(true);
    const broker = await brokers.open(spec(mortal.dir), told);
    expect(readdirSync(mortal.dir)).toEqual(['credentials']);
    await broker.close('over');
    expect(readdirSync(mortal.dir)).toEqual([]);
  });

  it('do not replace those of a living process, and do not take them away', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'broker-'));
    const first = spec(dir);
    const standing = await brokers.open(first, told);
    await expect(brokers.open(spec(dir), told)).rejects.toMatchObject({ code: 'taken', retryable: true });
    await expect(brokers.open(first, told)).rejects.toMatchObject({ code: 'taken' });
    expect(readdirSync(dir)).toEqual(['credentials']);
    // Somebody who won a race for the place: closing leaves theirs alone.
    rmSync(join(dir, 'credentials'));
    const other = createServer().listen(join(dir, 'credentials'));
    await once(other, 'listening');
    await standing.close('over');
    expect(readdirSync(dir)).toEqual(['credentials']);
    other.close();
    const again = await brokers.open(first, told);
    await again.close('over');
    rmSync(dir, { recursive: true });
  });

  it('stand until one of them went, with the directory too: another broker may then take its place', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'broker-'));
    const first = { ...spec(dir), forwards: [loopbackForward('db', 9)] };
    const lost = await brokers.open(first, told);
    expect(lost.stands()).toBe(true);
    rmSync(join(dir, 'forward-db'));
    expect(lost.stands()).toBe(false);
    await lost.close('its sandbox is gone');
    const next = await brokers.open(first, told);
    rmSync(dir, { recursive: true });
    expect(next.stands()).toBe(false);
    await next.close('its sandbox is gone');
    mkdirSync(dir);
    const last = await brokers.open(first, told);
    expect([next.stands(), last.stands()]).toEqual([false, true]);
    await last.close('over');
    expect(last.stands()).toBe(false);
    rmSync(dir, { recursive: true });
  });

  it('are not opened half, and say what is wrong', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'broker-'));
    const long = join(dir, 'x'.repeat(100 - dir.length));
    const forward = loopbackForward('db', 1);
    for (const [change, why] of [
      [{ sockets: place(long) }, /room for 107 bytes.*choose a shorter/],
      [{ sockets: place(join(dir, 'none')) }, /could not be made/],
      [{ forwards: [forward, forward] }, /name of its own/],
      [{ forwards: [{ ...forward, name: '../db' }] }, /name of its own/],
      [{ forwards: [{ ...forward, name: 'proxy' }] }, /name of its own/],
      [{ forwards: [{ ...forward, to: { host: 'a b', port: 1 } }] }, /leads to no host/],
      [{ forwards: [loopbackForward('db', 65_536)] }, /leads to no port/],
      [{ egress: [{ host: 'http://a', port: 1, private: false }] }, /not a host that egress can name/],
      [{ credentialsToken: '' }, /at least 16/],
      // The second door cannot be opened: the first goes too.
      [{ forwards: [forward, { ...forward, name: 'blocked' }] }, /could not be made/],
    ] as const) {
      mkdirSync(join(dir, 'forward-blocked'));
      const opening = brokers.open({ ...spec(dir), ...change }, told);
      await expect(opening).rejects.toThrow(why);
      await expect(opening).rejects.toBeInstanceOf(BrokerFault);
      rmSync(join(dir, 'forward-blocked'), { recursive: true, force: true });
      expect(readdirSync(dir)).toEqual([]);
    }
    rmSync(dir, { recursive: true });
  });
});
