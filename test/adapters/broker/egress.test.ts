import { describe, expect, it } from 'vitest';
import { allowedBy, egressFrom } from '../../../src/adapters/broker/egress.ts';
import { hostAndPortFrom, hostFrom, written } from '../../../src/adapters/broker/hosts.ts';

const line = (host: string, port = 443, isPrivate = false) => ({ host, port, private: isPrivate });

describe('a host', () => {
  it.each([
    ['API.Example.com', 'api.example.com'],
    ['api.example.com.', 'api.example.com'],
    ['localhost', 'localhost'],
    ['_srv.example.com', '_srv.example.com'],
    ['10.0.0.1', '10.0.0.1'],
    ['[2600::1]', '2600:0:0:0:0:0:0:1'],
    ['2600::1', '2600:0:0:0:0:0:0:1'],
  ])('%s is %s', (text, host) => {
    expect(hostFrom(text)).toBe(host);
  });

  it.each([
    '',
    '.',
    'a..b',
    'example.com..',
    '.example.com',
    '-a.com',
    'a-.com',
    'a b.com',
    'a/b',
    'ex\u00e4mple.com',
    'a%00.com',
    '2130706433',
    '127.1',
    '0x7f.0x1',
    'a.0x',
    '[10.0.0.1]',
    '[::1',
    '[fe80::1%25eth0]',
    '*.example.com',
    `${'a'.repeat(64)}.com`,
    `${'a.'.repeat(127)}com`,
  ])('is not %j', (text) => {
    expect(hostFrom(text)).toBeUndefined();
  });

  it('comes with a port, and nothing looser', () => {
    expect(hostAndPortFrom('Example.com.:443')).toEqual({ host: 'example.com', port: 443 });
    expect(hostAndPortFrom('[2600::1]:65535')).toEqual({ host: '2600:0:0:0:0:0:0:1', port: 65535 });
    for (const text of [
      'a.com',
      'a.com:',
      'a.com:0',
      'a.com:0443',
      'a.com:65536',
      'a.com:+1',
      ' a.com:1',
      '::1:443',
      'u@a.com:1',
      'a.com:1:2',
    ])
      expect([text, hostAndPortFrom(text)]).toEqual([text, undefined]);
    expect(written({ host: '2600:0:0:0:0:0:0:1', port: 1 })).toBe('[2600:0:0:0:0:0:0:1]:1');
  });
});

describe('egress', () => {
  it.each([
    ['api.example.com', 'api.example.com', true],
    ['API.example.com.', 'api.example.com', true],
    ['api.example.com', 'xapi.example.com', false],
    ['api.example.com', 'api.example.com.evil.org', false],
    ['*.example.com', 'api.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'a.b.example.com', false],
    ['*.example.com', 'evilexample.com', false],
    ['*', 'db', true],
    ['*', 'db.example.com', false],
    ['*', '10.0.0.1', false],
    ['*', '2600:0:0:0:0:0:0:1', false],
    ['10.0.0.1', '10.0.0.1', true],
    ['2600::1', '2600:0:0:0:0:0:0:1', true],
    ['[2600::1]', '2600:0:0:0:0:0:0:1', true],
    ['10.0.0.1', '10.0.0.2', false],
  ])('%s names %s: %s', (text, host, named) => {
    const lines = egressFrom([line(text)]);
    expect(allowedBy(lines, { host, port: 443 }) !== undefined).toBe(named);
    expect(allowedBy(lines, { host, port: 444 })).toBeUndefined();
  });

  it('allows what all lines together allow', () => {
    const lines = egressFrom([line('*.corp.example'), line('db.corp.example', 443, true)]);
    expect(allowedBy(lines, { host: 'db.corp.example', port: 443 })).toEqual({ private: true });
    expect(allowedBy(lines, { host: 'web.corp.example', port: 443 })).toEqual({ private: false });
  });

  it.each(['', '*.', '*.*.com', 'a.*.com', '*a.com', '*.10.0.0.1', '*.1', 'http://a.com'])(
    'cannot name %j',
    (text) => {
      expect(() => egressFrom([line(text)])).toThrow(RangeError);
    },
  );
});
