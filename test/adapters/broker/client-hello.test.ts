import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { helloMax, readClientHello } from '../../../src/adapters/broker/client-hello.ts';
import {
  type Extension,
  grease,
  hello,
  helloMessage,
  inRecords,
  padding,
  sni,
  vector,
} from './hello-bytes.ts';
import { pieces } from './pieces.ts';

const found = (serverName: string | undefined) => ({ at: 'hello', serverName });
const whyNot = (bytes: Buffer): string => {
  const answer = readClientHello(bytes);
  return answer.at === 'no-hello' ? answer.why : `no: ${JSON.stringify(answer)}`;
};
const other = (type: number): Extension => ({ type, body: Buffer.alloc(3) });

describe('a ClientHello', () => {
  it.each<[string, ConnectionOptions]>([
    ['1.3', { minVersion: 'TLSv1.3', ALPNProtocols: ['h2', 'http/1.1'] }],
    ['1.2', { maxVersion: 'TLSv1.2' }],
  ])("of Node's own TLS %s client names its server", async (_version, options) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('a port');
    const client = connect({
      ...options,
      port: address.port,
      host: '127.0.0.1',
      servername: 'DB.example.com',
    });
    client.on('error', () => undefined);
    const [socket] = (await once(server, 'connection')) as [Socket];
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    client.destroy();
    socket.destroy();
    server.close();
    expect(readClientHello(bytes)).toEqual(found('db.example.com'));
  });

  it('may have GREASE, extensions that nobody knows, and no name', () => {
    expect(readClientHello(hello(grease, other(0x7a7a), sni('a.com'), padding(400)))).toEqual(found('a.com'));
    expect(readClientHello(hello(grease))).toEqual(found(undefined));
    expect(readClientHello(hello())).toEqual(found(undefined));
    expect(readClientHello(inRecords(helloMessage(undefined)))).toEqual(found(undefined));
  });

  it('may span records, and be followed by anything', () => {
    const message = helloMessage([grease, sni('a.com')]);
    for (const sizes of [[1], [3], [4], [5], [1, 1, 1, 1, 1], [20, 20], [message.length - 1]])
      expect(readClientHello(Buffer.concat([inRecords(message, sizes), Buffer.from([9, 9])]))).toEqual(
        found('a.com'),
      );
  });

  it.each<[string, Buffer, RegExp]>([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n'), /does not begin with TLS/],
    ['SSH', Buffer.from('SSH-2.0-x\r\n'), /does not begin with TLS/],
    ['an SSLv2 hello', Buffer.from([0x80, 0x2e, 1, 0, 2]), /does not begin with TLS/],
    ['a TLS alert', Buffer.from([21, 3, 1, 0, 2, 1, 0]), /does not begin with TLS/],
    ['another major version', Buffer.from([22, 4, 1]), /no version/],
    ['an empty record', Buffer.from([22, 3, 1, 0, 0]), /impossible length/],
    ['a record that is too long', Buffer.from([22, 3, 1, 0x40, 1]), /impossible length/],
    ['a ServerHello', inRecords(Buffer.from([2, 0, 0, 0])), /not a ClientHello/],
    [
      'another record in between',
      Buffer.concat([inRecords(helloMessage([]).subarray(0, 9)), Buffer.from([23])]),
      /does not begin with TLS/,
    ],
    ['two names', hello(sni('a.com', 'b.com')), /exactly one/],
    ['no name in the list', hello(sni()), /exactly one/],
    ['an empty name', hello(sni('')), /exactly one/],
    ['a name of another type', hello(sni({ type: 1, text: 'a.com' })), /exactly one/],
    ['a name of another type beside', hello(sni('a.com', { type: 1, text: 'b.com' })), /exactly one/],
    ['a name with a zero byte', hello(sni('a.com\0.b.com')), /exactly one/],
    ['a name that is not ASCII', hello(sni('\xe4.com')), /exactly one/],
    ['two extensions with names', hello(sni('a.com'), grease, sni('a.com')), /twice/],
    [
      'bytes after the list',
      hello({ type: 0, body: Buffer.concat([sni('a.com').body, Buffer.alloc(1)]) }),
      /exactly one/,
    ],
    ['a list cut short', hello({ type: 0, body: sni('a.com').body.subarray(0, 5) }), /exactly one/],
    ['an encrypted hello', hello(sni('a.com'), other(0xfe0d)), /encrypted/],
    ['an encrypted name', hello(other(0xffce), sni('a.com')), /encrypted/],
    ['no cipher suites', inRecords(helloMessage([sni('a.com')], [])), /malformed/],
    ['bytes after the extensions', trailing(), /malformed/],
    ['a length beyond the bound', inRecords(Buffer.from([1, 0, 0x40, 0])), /within 16384/],
  ])('is not %s', (_what, bytes, why) => {
    expect(whyNot(bytes)).toMatch(why);
  });

  it('is bounded, records included', () => {
    const most = helloMessage([sni('a.com'), padding(helloMax - 5 - 105)]);
    expect(inRecords(most).length).toBeLessThanOrEqual(helloMax);
    expect(readClientHello(inRecords(most))).toEqual(found('a.com'));
    const more = helloMessage([sni('a.com'), padding(helloMax - 5 - 90)]);
    expect(inRecords(more).length).toBeGreaterThan(helloMax);
    expect(whyNot(inRecords(more))).toMatch(/within 16384/);
    const inTiny = (records: number): Buffer =>
      inRecords(helloMessage([sni('a.com')]), Array<number>(records - 1).fill(1));
    expect(readClientHello(inTiny(32))).toEqual(found('a.com'));
    expect(whyNot(inTiny(33))).toMatch(/more than 32 TLS records/);
  });

  it('is read alike however it is cut', () => {
    const extension = fc.oneof(
      fc.constantFrom(
        grease,
        padding(300),
        other(5),
        other(0xfe0d),
        sni('a.com'),
        sni('a.com', 'b.com'),
        sni(''),
      ),
      fc.record({
        type: fc.nat(0xffff),
        body: fc.uint8Array({ maxLength: 40 }).map((body) => Buffer.from(body)),
      }),
    );
    const bytes = fc
      .tuple(
        fc.array(extension, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 90 })),
        fc.uint8Array(),
        fc.nat(400),
      )
      .map(([extensions, sizes, after, flip]) => {
        const whole = Buffer.concat([inRecords(helloMessage(extensions), sizes), after]);
        // Every other one is harmed somewhere.
        if (flip % 2 === 0) whole[flip % whole.length] = flip & 0xff;
        return whole;
      });
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(600), { maxLength: 30 }), (whole, cuts) => {
        expect(pieces(whole, cuts, readClientHello)).toEqual(readClientHello(whole));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is never thrown over, whatever comes', () => {
    const start = fc.constantFrom(
      Buffer.alloc(0),
      Buffer.from([22, 3, 1]),
      hello(sni('a.com')).subarray(0, 60),
    );
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 400 }), (head, tail) => {
        const bytes = Buffer.concat([head, tail]);
        expect(['hello', 'no-hello', 'more']).toContain(pieces(bytes, [], readClientHello).at);
      }),
      { numRuns: 2_000 },
    );
  });
});

function trailing(): Buffer {
  const message = helloMessage([sni('a.com')]);
  return inRecords(
    Buffer.concat([Buffer.from([1]), vector(3, Buffer.concat([message.subarray(4), Buffer.alloc(1)]))]),
  );
}
