/** Ways out as the policy writes them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  egressLine,
  environment,
  forwardLine,
  isLoopbackLiteral,
  parseEndpoint,
} from '../../src/domain/egress.ts';

describe('an endpoint', () => {
  it.each([
    ['logs.example.com:443', 'logs.example.com', 443],
    ['Logs.Example.COM:443', 'logs.example.com', 443],
    ['*.example.com:443', '*.example.com', 443],
    ['db:5432', 'db', 5432],
    ['10.1.2.3:5432', '10.1.2.3', 5432],
    ['[2001:DB8::1]:443', '2001:db8::1', 443],
    ['_sip.example.com:1', '_sip.example.com', 1],
  ])('%s is read', (text, host, port) => expect(parseEndpoint(text)).toEqual({ host, port }));

  it.each([
    ['', 'no host'],
    ['example.com', 'no port'],
    ['example.com:0', 'port 0'],
    ['example.com:65536', 'port beyond the last'],
    ['example.com:443 ', 'a space'],
    ['https://example.com:443', 'an address of a page'],
    ['example.com:443/path', 'a path'],
    ['*:443', 'everything'],
    ['*.com:443', 'a whole top level'],
    ['ex*mple.com:443', 'a star within a label'],
    ['example.*:443', 'a star at the end'],
    ['logs.*.example.com:443', 'a star in the middle'],
    ['*.*.example.com:443', 'two stars'],
    ['-a.example.com:443', 'a label that begins with a dash'],
    ['a..example.com:443', 'an empty label'],
    ['999.1.1.1:443', 'no address'],
    ['1.2.3:443', 'part of an address'],
    ['2001:db8::1:443', 'an address of version 6 without brackets'],
    ['[127.0.0.1]:443', 'version 4 in brackets'],
    ['пример.example.com:443', 'what is not ASCII'],
    [`${'a'.repeat(64)}.example.com:443`, 'a label that is too long'],
  ])('%j is none: %s', (text) => expect(parseEndpoint(text)).toBeUndefined());

  it('never throws, and reads back what it wrote', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseEndpoint(text);
        if (parsed === undefined) return;
        const { host, port } = parsed;
        expect(parseEndpoint(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)).toEqual(parsed);
      }),
    );
  });
});

it.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['0:0:0:0:0:0:0:1', true],
  ['localhost', false],
  ['127.example.com', false],
  ['10.0.0.1', false],
  ['::', false],
  ['2001:db8::1', false],
])('%s is a loopback address, spelled out: %s', (host, is) => expect(isLoopbackLiteral(host)).toBe(is));

describe('lines', () => {
  it('are a text, or say that they reach private addresses', () => {
    expect(egressLine.parse('a.example.com:443')).toEqual({
      host: 'a.example.com',
      port: 443,
      private: false,
    });
    expect(egressLine.parse({ to: 'a.internal:443', private: true })).toEqual({
      host: 'a.internal',
      port: 443,
      private: true,
    });
  });

  const flaws = (input: unknown): readonly string[] =>
    (forwardLine.safeParse(input).error?.issues ?? []).map(
      ({ path, message }) => `${path.join('/')}: ${message}`,
    );
  const forward = { name: 'db', listen: 5432, to: 'db.internal:5432' };

  it('forwards have one host and a port of their own', () => {
    expect(flaws({ ...forward, private: true })).toEqual([]);
    expect(flaws({ ...forward, to: '*.internal.example:5432' })[0]).toContain('to: must be one host');
    expect(flaws({ ...forward, listen: 3128 })[0]).toContain('listen: must not be 3128');
    expect(flaws({ ...forward, name: 'proxy' })[0]).toContain('name: must not be proxy');
    expect(flaws({ ...forward, listen: 80 })[0]).toContain('listen: must be 1024 or more');
    expect(flaws({ ...forward, to: '127.0.0.1:6379' })[0]).toContain('takes private: true');
  });

  it('environments do not set what the sandbox sets', () => {
    expect(environment.parse({ PGHOST: '127.0.0.1' })).toEqual({ PGHOST: '127.0.0.1' });
    for (const name of ['PATH', 'HTTPS_PROXY', 'LD_PRELOAD', 'A B', ''])
      expect(environment.safeParse({ [name]: 'x' }).success).toBe(false);
  });
});
