import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { Dial } from '../../../src/adapters/broker/dial.ts';
import {
  askProxy,
  connectRequest,
  dialTo,
  echo,
  type Ground,
  type GroundOptions,
  ground,
  restOf,
  upstream,
} from './ground.ts';
import { grease, hello, sni } from './hello-bytes.ts';

const psk = Buffer.alloc(32, 7);
// Keys shared beforehand: a real handshake that needs no certificate.
const pskOptions = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;

const egress = [
  { host: 'db.example.com', port: 443, private: false },
  { host: '*.wild.example', port: 443, private: false },
  { host: 'inner.example.com', port: 443, private: true },
  { host: '93.184.216.34', port: 443, private: false },
];

const proxied = (options: GroundOptions = {}): Promise<Ground> => ground({ spec: { egress }, ...options });

describe('the proxy', () => {
  it('carries a real TLS connection, on the record before anything is sent', async () => {
    const server = createServer({ ...pskOptions, pskCallback: () => psk }, echo);
    await using far = await upstream(() => undefined, server);
    const order: string[] = [];
    await using it = await proxied({
      dial: (to) => {
        order.push('dialled');
        return dialTo(far.port)(to);
      },
      told: {
        opened: async () => {
          order.push('asked');
          await turn();
          order.push('recorded');
        },
      },
    });
    const client = it.knock('proxy');
    expect(await askProxy(client, connectRequest('DB.example.com.:443'))).toMatch(/^HTTP\/1\.1 200 /);
    // The answer says that there is a server: it comes after the record, and after the connection.
    expect(order).toEqual(['asked', 'recorded', 'dialled']);
    const secure = connect({
      ...pskOptions,
      socket: client,
      servername: 'db.example.com',
      pskCallback: () => ({ psk, identity: 'engineer' }),
      checkServerIdentity: () => undefined,
    });
    secure.end('select 1');
    expect(await restOf(secure)).toBe('select 1');
    await it.until(() => expect(it.told.closed).toHaveLength(1));
    expect(order).toEqual(['asked', 'recorded', 'dialled']);
    expect(it.dialled).toEqual(['93.184.216.34 443']);
    const [ended] = it.told.closed;
    expect(it.told.opened).toEqual([ended?.connection]);
    expect(ended?.connection).toMatchObject({ by: 'proxy', host: 'db.example.com', port: 443 });
    expect(ended?.connection.id).toMatch(/^con_[a-z2-7]{16}$/);
    expect(it.told.blocked).toEqual([]);
  });

  it('forwards the held bytes as they came, and counts them', async () => {
    await using far = await upstream(echo);
    await using it = await proxied({ dial: dialTo(far.port) });
    const first = Buffer.concat([hello(grease, sni('a.wild.example')), Buffer.from('more')]);
    const client = it.knock('proxy');
    // One segment for everything: a client need not wait for the answer.
    client.write(Buffer.concat([Buffer.from(connectRequest('a.wild.example:443')), first]));
    client.end('last');
    const expected = `HTTP/1.1 200 Connection established\r\n\r\n${first}last`;
    expect(await restOf(client)).toBe(expected);
    await it.until(() => expect(it.told.closed).toHaveLength(1));
    const bytes = first.length + 4;
    expect(it.told.closed[0]?.carried).toEqual({
      bytesOut: bytes,
      bytesIn: bytes,
      seconds: 1,
      why: 'closed by the client',
    });
  });

  it('reads a request and a hello that come byte by byte', async () => {
    await using far = await upstream(echo);
    await using it = await proxied({ dial: dialTo(far.port) });
    const client = it.knock('proxy');
    client.setNoDelay(true);
    const first = hello(sni('db.example.com'));
    const all = Buffer.concat([Buffer.from(connectRequest('db.example.com:443')), first]);
    for (const byte of all) {
      client.write(Buffer.from([byte]));
      await turn();
    }
    client.end();
    expect(await restOf(client)).toBe(`HTTP/1.1 200 Connection established\r\n\r\n${first}`);
  });

  it.each([
    ['CONNECT other.example.com:443 HTTP/1.1', 403, "not in this target's egress: other.example.com:443"],
    ['CONNECT db.example.com:444 HTTP/1.1', 403, "not in this target's egress: db.example.com:444"],
    ['CONNECT 93.184.216.35:443 HTTP/1.1', 403, "not in this target's egress: 93.184.216.35:443"],
    ['CONNECT a.b.wild.example:443 HTTP/1.1', 403, "not in this target's egress: a.b.wild.example:443"],
    ['GET http://db.example.com/x HTTP/1.1', 403, 'clear-text HTTP is not carried: db.example.com:80'],
    ['GET /x HTTP/1.1', 405, 'only CONNECT is allowed'],
    ['CONNECT db.example.com HTTP/1.1', 400, 'it does not name a host and a port'],
    ['TRACE', 400, 'not a request line'],
  ])('refuses %s: %i', async (line, status, why) => {
    await using it = await proxied();
    const client = it.knock('proxy');
    const head = await askProxy(client, `${line}\r\n\r\n`);
    const body = await restOf(client);
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head.split('\r\n')[0]).toContain(why);
    expect(body).toContain(why);
    expect(body).toMatch(/^[^\n]+\. [A-Z][^\n]+\.\n$/);
    expect(/allow: connect/i.test(head)).toBe(status === 405);
    if (why.includes('egress')) expect(body).toContain('Ask whoever keeps the policy to add it.');
    const recorded = it.told.blocked.map(({ by, count, why: said }) => ({ by, count, said }));
    expect(recorded).toEqual(status === 403 ? [{ by: 'proxy', count: 1, said: why }] : []);
    expect(it.dialled).toEqual([]);
  });

  it('refuses a head that is too long, and one that is late', async () => {
    await using it = await proxied({ bounds: { firstBytesMs: 40 } });
    const long = it.knock('proxy');
    expect(await askProxy(long, `CONNECT a.com:443 HTTP/1.1\r\nX: ${'x'.repeat(9_000)}`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
    const late = it.knock('proxy');
    expect(await askProxy(late, 'CONNECT db.exam')).toMatch(/^HTTP\/1\.1 408 /);
  });

  it.each([
    ['loopback', 'db.example.com', ['127.0.0.1'], /resolves to 127\.0\.0\.1, a loopback address/],
    ['metadata', 'inner.example.com', ['169.254.169.254'], /link-local/],
    ['metadata, mapped', 'inner.example.com', ['::ffff:169.254.169.254'], /link-local/],
    ['loopback among others', 'inner.example.com', ['93.184.216.34', '10.0.0.1', '::1'], /::1, a loopback/],
    ['private, unsaid', 'db.example.com', ['93.184.216.34', '10.0.0.1'], /10\.0\.0\.1, a private address/],
    ["the host's own, unsaid", 'db.example.com', ['93.184.216.99'], /the bot's own host/],
    ['nothing', 'db.example.com', [], /db\.example\.com has no address/],
    ['what is no address', 'db.example.com', ['db.example.com'], /not an address/],
  ])('refuses a name that resolves to %s', async (_what, host, addresses, why) => {
    await using it = await proxied({ lookup: async () => addresses, ownAddresses: () => ['93.184.216.99'] });
    const client = it.knock('proxy');
    const head = await askProxy(client, connectRequest(`${host}:443`));
    expect(head).toMatch(addresses.length === 0 ? /^HTTP\/1\.1 502 / : /^HTTP\/1\.1 403 /);
    expect(await restOf(client)).toMatch(why);
    expect(it.told.blocked).toEqual([
      { by: 'proxy', host, port: 443, count: 1, why: expect.stringMatching(why) },
    ]);
    expect(it.dialled).toEqual([]);
  });

  it('looks a name up once, and dials the addresses that were judged', async () => {
    let lookups = 0;
    await using far = await upstream(echo);
    await using it = await proxied({
      // A name that changes its mind: the second answer is never asked for.
      lookup: async () => (lookups++ === 0 ? ['10.0.0.1', '10.0.0.2'] : ['127.0.0.1']),
      dial: (to) => dialTo(to.address === '10.0.0.2' ? far.port : 1)(to),
    });
    const client = it.knock('proxy');
    await askProxy(client, connectRequest('inner.example.com:443'));
    client.end(hello(sni('inner.example.com')));
    expect(await restOf(client)).toBe(String(hello(sni('inner.example.com'))));
    expect(lookups).toBe(1);
    expect(it.dialled).toEqual(['10.0.0.1 443', '10.0.0.2 443']);
  });

  it('takes a failing or endless lookup for no address', async () => {
    const { promise: never, resolve } = Promise.withResolvers<readonly string[]>();
    await using it = await proxied({
      bounds: { lookupMs: 30 },
      lookup: (host) => (host.startsWith('a.') ? never : Promise.reject(new Error('ENOTFOUND'))),
    });
    for (const host of ['db.example.com', 'a.wild.example'])
      expect(await askProxy(it.knock('proxy'), connectRequest(`${host}:443`))).toMatch(/^HTTP\/1\.1 502 /);
    resolve([]);
  });

  it.each<[string, string, Buffer, RegExp]>([
    [
      'another name',
      'db.example.com:443',
      hello(sni('evil.example.com')),
      /another server: evil\.example\.com/,
    ],
    ['no name', 'db.example.com:443', hello(grease), /names no server/],
    ['two names', 'db.example.com:443', hello(sni('db.example.com', 'evil.com')), /exactly one/],
    [
      'an encrypted hello',
      'db.example.com:443',
      hello(sni('db.example.com'), { type: 0xfe0d, body: Buffer.alloc(9) }),
      /encrypted/,
    ],
    ['no TLS', 'db.example.com:443', Buffer.from('SSH-2.0-OpenSSH\r\n'), /not TLS/],
    ['a name for an address', '93.184.216.34:443', hello(sni('db.example.com')), /another server/],
    ['the address for a name', '93.184.216.34:443', hello(sni('93.184.216.34')), /another server/],
  ])(
    'cuts a connection whose first bytes have %s, of which nothing goes out',
    async (_what, to, first, why) => {
      let got = 0;
      let end = '';
      await using far = await upstream((socket) => {
        socket.on('data', (data) => {
          got += data.length;
        });
        socket.once('end', () => {
          end = 'its end';
        });
        socket.once('error', ({ message }) => {
          end = message;
        });
      });
      await using it = await proxied({ dial: dialTo(far.port) });
      const client = it.knock('proxy');
      expect(await askProxy(client, connectRequest(to))).toMatch(/ 200 /);
      client.write(first);
      expect(await restOf(client)).toBe('');
      await it.until(() => expect(it.told.closed).toHaveLength(1));
      await it.until(() => expect(far.sockets.size).toBe(0));
      expect([got, end]).toEqual([0, 'read ECONNRESET']);
      // It was connected, and so it is told; and it was refused, and so that is told too.
      const [{ connection, carried } = { connection: undefined, carried: undefined }] = it.told.closed;
      expect(it.told.opened).toEqual([connection]);
      expect(carried).toEqual({ bytesOut: 0, bytesIn: 0, seconds: 1, why: expect.stringMatching(why) });
      expect(it.told.blocked).toEqual([
        { by: 'proxy', host: connection?.host, port: 443, count: 1, why: carried?.why },
      ]);
    },
  );

  it('shows the client nothing of a server that speaks first, until it has spoken as it should', async () => {
    const banner = 'hello from a server of another kind';
    await using far = await upstream((socket) => void socket.write(banner));
    await using it = await proxied({ dial: dialTo(far.port) });
    const silent = it.knock('proxy');
    await askProxy(silent, connectRequest('db.example.com:443'));
    await it.until(() => expect([...far.sockets][0]?.bytesWritten).toBe(banner.length));
    silent.write(hello(sni('evil.example.com')));
    expect(await restOf(silent)).toBe('');
    const spoken = it.knock('proxy');
    await askProxy(spoken, connectRequest('db.example.com:443'));
    spoken.end(hello(sni('db.example.com')));
    await once(spoken, 'readable');
    expect(String(spoken.read())).toBe(banner);
  });

  it('ends with a server that goes away before the hello', async () => {
    await using far = await upstream(() => undefined);
    await using it = await proxied({ dial: dialTo(far.port) });
    const client = it.knock('proxy');
    await askProxy(client, connectRequest('db.example.com:443'));
    await it.until(() => expect(far.sockets.size).toBe(1));
    for (const socket of far.sockets) socket.resetAndDestroy();
    expect(await restOf(client)).toBe('');
    await it.until(() => expect(it.told.closed).toHaveLength(1));
    expect(it.told.closed[0]?.carried).toMatchObject({
      bytesOut: 0,
      why: 'closed by the server before the TLS ClientHello',
    });
    expect(it.told.blocked).toEqual([]);
  });

  it('carries for a server that has said all it says before the hello', async () => {
    await using far = await upstream((socket) => void socket.end('all'));
    await using it = await proxied({ dial: dialTo(far.port) });
    const client = it.knock('proxy');
    await askProxy(client, connectRequest('db.example.com:443'));
    await it.until(() => expect([...far.sockets][0]?.writableFinished).toBe(true));
    client.end(hello(sni('db.example.com')));
    expect(await restOf(client)).toBe('all');
    await it.until(() => expect(it.told.closed).toHaveLength(1));
    expect(it.told.closed[0]?.carried).toMatchObject({
      bytesIn: 3,
      bytesOut: hello(sni('db.example.com')).length,
    });
  });

  it('carries to an address that a line names, for a hello without a name', async () => {
    await using far = await upstream(echo);
    await using it = await proxied({ dial: dialTo(far.port) });
    const client = it.knock('proxy');
    await askProxy(client, connectRequest('93.184.216.34:443'));
    client.end(hello());
    expect(await restOf(client)).toBe(String(hello()));
    expect(it.dialled).toEqual(['93.184.216.34 443']);
  });

  it('records who keeps it waiting for the hello, and who goes away', async () => {
    await using far = await upstream(() => undefined);
    await using it = await proxied({ bounds: { firstBytesMs: 200 }, dial: dialTo(far.port) });
    const silent = it.knock('proxy');
    await askProxy(silent, connectRequest('db.example.com:443'));
    const gone = it.knock('proxy');
    await askProxy(gone, connectRequest('a.wild.example:443'));
    gone.destroy();
    expect(await restOf(silent)).toBe('');
    await it.until(() => expect(it.told.closed).toHaveLength(2));
    expect(it.told.closed.map(({ connection, carried }) => [connection.host, carried.why])).toEqual([
      ['a.wild.example', 'closed before its TLS ClientHello'],
      ['db.example.com', 'no TLS ClientHello within 0.2 s'],
    ]);
    // Who goes away was not refused.
    expect(it.told.blocked.map(({ host, why }) => [host, why])).toEqual([
      ['db.example.com', 'no TLS ClientHello within 0.2 s'],
    ]);
    await it.until(() => expect(far.sockets.size).toBe(0));
  });

  it('is not there where nothing may be reached', async () => {
    await using it = await ground();
    const [error] = await once(it.knock('proxy'), 'error');
    expect(error).toMatchObject({ code: 'ENOENT' });
  });

  it.each<[string, Dial, string, string]>([
    [
      'refuses',
      dialTo(1),
      '502 could not connect to db.example.com:443: ECONNREFUSED',
      'could not connect: ECONNREFUSED',
    ],
    [
      'does not answer',
      () => new Socket(),
      '504 could not connect to db.example.com:443: no answer within 0.05 s',
      'could not connect: no answer within 0.05 s',
    ],
  ])('says why to the client and in the record where the server %s', async (_what, dial, line, why) => {
    await using it = await proxied({ dial, bounds: { connectMs: 50 } });
    const client = it.knock('proxy');
    // With what it would send next: it does not lose the answer by that.
    const head = await askProxy(
      client,
      `${connectRequest('db.example.com:443')}${hello(sni('db.example.com'))}`,
    );
    expect(head.split('\r\n')[0]).toBe(`HTTP/1.1 ${line}`);
    expect(await restOf(client)).toMatch(/^could not connect to db\.example\.com:443: .*\. [A-Z].*\.\n$/);
    await it.until(() => expect(it.told.closed).toHaveLength(1));
    expect(it.told.opened).toHaveLength(1);
    expect(it.told.closed[0]?.carried).toEqual({ bytesOut: 0, bytesIn: 0, seconds: 0, why });
    expect(it.told.blocked).toEqual([]);
  });

  it('says what it could not record, and that too many wait for it, and dials nothing', async () => {
    const held = Promise.withResolvers<void>();
    await using it = await proxied({
      bounds: { unconfirmed: 1 },
      told: { opened: () => held.promise },
    });
    const first = it.knock('proxy');
    first.write(connectRequest('db.example.com:443'));
    await it.until(async () => {
      const head = await askProxy(it.knock('proxy'), connectRequest('a.wild.example:443'));
      expect(head).toMatch(/^HTTP\/1\.1 429 more than 1 connections waiting to be recorded\r/);
    });
    held.reject(new Error('the ledger is away'));
    expect(await askProxy(first, '')).toMatch(
      /^HTTP\/1\.1 503 it could not be recorded, so it was not opened\r/,
    );
    expect(it.dialled).toEqual([]);
  });

  it('keeps no refused client waiting for a record that takes no end', async () => {
    const held = Promise.withResolvers<void>();
    await using it = await proxied({ dial: dialTo(1), told: { closed: () => held.promise } });
    const client = it.knock('proxy');
    expect(await askProxy(client, connectRequest('db.example.com:443'))).toMatch(/ 502 /);
    client.end();
    await once(client.resume(), 'close');
    expect(it.told.closed).toEqual([]);
    held.resolve();
    await it.until(() => expect(it.told.closed).toHaveLength(1));
  });

  it('is understood by curl', async () => {
    await using it = await proxied({ dial: dialTo(1) });
    const bridge = createTcpServer((socket) => {
      const inside = it.knock('proxy');
      socket.on('error', () => undefined);
      socket.pipe(inside).pipe(socket);
    });
    bridge.listen(0, '127.0.0.1');
    await once(bridge, 'listening');
    const { port } = bridge.address() as AddressInfo;
    const said = (host: string): Promise<string> =>
      new Promise((resolve) => {
        const words = ['-sSv', '-x', `http://127.0.0.1:${port}`, `https://${host}/`];
        execFile('curl', words, { env: { PATH: process.env.PATH } }, (_error, _out, errors) =>
          resolve(errors),
        );
      });
    const unreachable = await said('db.example.com');
    expect(unreachable).toContain('CONNECT tunnel failed, response 502');
    expect(unreachable).toContain('502 could not connect to db.example.com:443: ECONNREFUSED');
    expect(await said('other.example.com')).toContain('CONNECT tunnel failed, response 403');
    bridge.close();
  });
});
