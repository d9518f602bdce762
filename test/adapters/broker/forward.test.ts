import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { dialTo, echo, ground, loopbackForward, restOf, upstream } from './ground.ts';

const forwardTo = (host: string, isPrivate: boolean) => ({
  name: 'db',
  listen: 5432,
  to: { host, port: 5432 },
  private: isPrivate,
});

describe('a forward', () => {
  it('carries any bytes both ways, and counts them exactly', async () => {
    await using far = await upstream(echo);
    await using it = await ground({ spec: { forwards: [loopbackForward('db', far.port)] } });
    const sent = randomBytes(5_000_001);
    const client = it.knock('forward-db');
    client.end(sent);
    const back = await buffer(client);
    expect(digest(back)).toBe(digest(sent));
    await it.until(() => expect(it.told.closed).toHaveLength(1));
    expect(it.told.closed[0]).toEqual({
      connection: { id: it.told.opened[0]?.id, by: 'db', host: '127.0.0.1', port: far.port },
      carried: {
        bytesOut: sent.length,
        bytesIn: sent.length,
        seconds: expect.any(Number),
        why: 'closed by the client',
      },
    });
  });

  it.each([
    ['127.0.0.1', true, 'carried'],
    ['127.9.9.9', true, 'carried'],
    ['::1', true, 'carried'],
    ['127.0.0.1', false, '127.0.0.1 is a loopback address'],
    ['localhost', true, 'localhost resolves to 127.0.0.1, a loopback address'],
    ['::ffff:127.0.0.1', true, '0:0:0:0:0:ffff:7f00:1 is a loopback address'],
    ['0.0.0.0', true, '0.0.0.0 is an unspecified address'],
    ['169.254.169.254', true, '169.254.169.254 is a link-local address, where metadata services are'],
    ['10.1.2.3', false, '10.1.2.3 is a private address'],
    ['10.1.2.3', true, 'carried'],
  ])('to %s, private %s: %s', async (host, isPrivate, outcome) => {
    await using far = await upstream(echo);
    await using it = await ground({
      spec: { forwards: [forwardTo(host, isPrivate)] },
      lookup: async () => ['127.0.0.1'],
      dial: dialTo(far.port),
    });
    const client = it.knock('forward-db');
    client.end('hello');
    const heard = await restOf(client);
    if (outcome === 'carried') {
      expect(heard).toBe('hello');
      expect(it.told.opened).toHaveLength(1);
    } else {
      expect(heard).toBe('');
      expect(it.told.blocked).toEqual([
        { by: 'db', host: expect.any(String), port: 5432, count: 1, why: outcome },
      ]);
      expect([it.told.opened, it.dialled]).toEqual([[], []]);
    }
  });

  it('says who ended it', async () => {
    await using polite = await upstream((socket) => socket.end('bye'));
    await using rude = await upstream((socket) => socket.once('data', () => socket.resetAndDestroy()));
    await using it = await ground({
      spec: { forwards: [loopbackForward('polite', polite.port), loopbackForward('rude', rude.port)] },
    });
    const one = it.knock('forward-polite');
    expect(await restOf(one)).toBe('bye');
    one.end();
    const other = it.knock('forward-rude');
    other.write('x');
    await restOf(other);
    await it.until(() => expect(it.told.closed).toHaveLength(2));
    const ends = it.told.closed.map(({ connection, carried }) => [
      connection.by,
      carried.bytesIn,
      carried.why,
    ]);
    expect(ends.sort()).toEqual([
      ['polite', 3, 'closed by the server'],
      ['rude', 0, 'reset by the server'],
    ]);
  });

  it('is cut when nothing passes, when one half is left open, and at its bound of bytes', async () => {
    let received = 0;
    await using far = await upstream((socket) => {
      socket.on('data', ({ length }) => {
        received += length;
      });
    });
    await using it = await ground({
      spec: { forwards: [loopbackForward('db', far.port)] },
      bounds: { halfClosedMs: 50, bytes: 1_000 },
    });
    await using still = await ground({
      spec: { forwards: [loopbackForward('db', far.port)] },
      bounds: { idleMs: 50 },
    });
    const idle = still.knock('forward-db');
    await restOf(idle);
    await it.until(() => expect(still.told.closed[0]?.carried.why).toBe('idle for too long'));
    const half = it.knock('forward-db');
    half.end('x');
    await restOf(half);
    const much = it.knock('forward-db');
    much.write(Buffer.alloc(1_000));
    await it.until(() => expect(received).toBe(1_001));
    much.write('x');
    await restOf(much);
    await it.until(() => expect(it.told.closed).toHaveLength(2));
    expect(it.told.closed.map(({ carried: { bytesOut, why } }) => [bytesOut, why])).toEqual([
      [1, 'closed by the client'],
      [1_000, 'more than 1000 bytes'],
    ]);
    expect(received).toBe(1_001);
    // A cut is a reset, so the server's halves are gone too; the half-closed one will hear of it when it writes.
    await it.until(() => expect(far.sockets.size).toBe(1));
  });

  it('holds back whoever sends more than the other side takes', async () => {
    const chunk = Buffer.alloc(65_536);
    let accepted = 0;
    await using far = await upstream((socket) => {
      const pour = (): void => {
        while (!socket.destroyed && accepted < 300_000_000) {
          accepted += chunk.length;
          if (!socket.write(chunk)) break;
        }
      };
      socket.on('drain', pour);
      pour();
    });
    await using it = await ground({ spec: { forwards: [loopbackForward('db', far.port)] } });
    const client = it.knock('forward-db');
    await once(client, 'readable');
    let before = -1;
    // Settles once every buffer on the way is full.
    while (before !== accepted) {
      before = accepted;
      await wait(100);
    }
    // Kernel buffers of the loopback connection for the most part; without holding back it would be all of it.
    expect(accepted).toBeLessThan(20_000_000);
    client.destroy();
    await it.until(() => expect(far.sockets.size).toBe(0));
  });
});

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
