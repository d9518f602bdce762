import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headMax, readProxyRequest } from '../../../src/adapters/broker/connect-request.ts';
import { pieces } from './pieces.ts';

const read = (text: string) => readProxyRequest(Buffer.from(text, 'latin1'));
const to = { host: 'db.example.com', port: 443 };

describe('a proxy request', () => {
  it.each([
    'CONNECT db.example.com:443 HTTP/1.1\r\n\r\n',
    'CONNECT DB.example.com.:443 HTTP/1.0\r\nHost: other\r\nX-Odd: \xe9\t!\r\nProxy-Connection:keep-alive\r\n\r\n',
  ])('may be %j', (text) => {
    expect(read(`${text}rest`)).toEqual({ at: 'connect', to, used: text.length });
  });

  it('may be in clear text, and is then known for it', () => {
    expect(read('GET http://db.example.com/x HTTP/1.1\r\n\r\n')).toEqual({
      at: 'clear-text',
      to: { ...to, port: 80 },
    });
    expect(read('PUT HTTP://DB.example.com:443 HTTP/1.1\r\n\r\n')).toEqual({ at: 'clear-text', to });
    for (const target of [
      '/',
      '*',
      'http://',
      'http://u:p@db.example.com/',
      'http://u@db.example.com/',
      'ftp://a.com/',
    ])
      expect([target, read(`GET ${target} HTTP/1.1\r\n\r\n`).at]).toEqual([target, 'other-method']);
  });

  it.each([
    ['a TLS hello', '\x16\x03\x01'],
    ['a lower-case method', 'connect a.com:1 HTTP/1.1\r\n\r\n'],
    ['a space too many', 'CONNECT  a.com:1 HTTP/1.1\r\n\r\n'],
    ['another version', 'CONNECT a.com:1 HTTP/2.0\r\n\r\n'],
    ['no version', 'CONNECT a.com:1\r\n\r\n'],
    ['no port', 'CONNECT a.com HTTP/1.1\r\n\r\n'],
    ['a bare line feed', 'CONNECT a.com:1 HTTP/1.1\nX: y\r\n\r\n'],
    ['a bare line feed in a header', 'CONNECT a.com:1 HTTP/1.1\r\nX: y\nZ: z\r\n\r\n'],
    ['a bare carriage return', 'CONNECT a.com:1 HTTP/1.1\r\nX: y\rZ: z\r\n\r\n'],
    ['a folded header', 'CONNECT a.com:1 HTTP/1.1\r\nX: y\r\n z\r\n\r\n'],
    ['a zero byte', 'CONNECT a.com\x00.b:1 HTTP/1.1\r\n\r\n'],
    ['a header without a name', 'CONNECT a.com:1 HTTP/1.1\r\n: y\r\n\r\n'],
    ['a space before the colon', 'CONNECT a.com:1 HTTP/1.1\r\nHost : y\r\n\r\n'],
    ['a name for an address', 'CONNECT 127.1:443 HTTP/1.1\r\n\r\n'],
  ])('is malformed with %s', (_flaw, text) => {
    expect(read(text).at).toBe('malformed');
  });

  it('is bounded to the byte', () => {
    const sized = (size: number): string => {
      const start = 'CONNECT db.example.com:443 HTTP/1.1\r\nX: ';
      return `${start}${'x'.repeat(size - start.length - 4)}\r\n\r\n`;
    };
    expect(read(sized(headMax)).at).toBe('connect');
    expect(read(sized(headMax + 1)).at).toBe('too-long');
    expect(read('C'.repeat(headMax - 1)).at).toBe('more');
    expect(read('C'.repeat(headMax)).at).toBe('too-long');
  });

  it('is read alike however it is cut, and whatever it is', () => {
    const texts = fc.oneof(
      fc.constantFrom(
        'CONNECT db.example.com:443 HTTP/1.1\r\nHost: a\r\n\r\nrest\r\n\r\n',
        'GET http://a.com/ HTTP/1.1\r\n\r\n',
        `CONNECT a:1 HTTP/1.1\r\n${'X: y\r\n'.repeat(2_000)}`,
      ),
      fc.string({
        unit: fc.constantFrom('C', 'O', ' ', '\r\n', '\r', '\n', ':', 'HTTP/1.1', '\x00', '\xff'),
      }),
    );
    fc.assert(
      fc.property(texts, fc.array(fc.nat(9_000)), (text, cuts) => {
        const bytes = Buffer.from(text, 'latin1');
        expect(pieces(bytes, cuts, readProxyRequest)).toEqual(readProxyRequest(bytes));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10_000 }), (bytes) => {
        readProxyRequest(Buffer.from(bytes));
      }),
    );
  });
});
