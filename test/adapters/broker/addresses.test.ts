import { describe, expect, it } from 'vitest';
import { kindOfAddress, spelled } from '../../../src/adapters/broker/addresses.ts';

const none: ReadonlySet<string> = new Set();
const kindOf = (address: string): string => kindOfAddress(address, none).kind;

/** First and last address of each range, between the neighbours just outside. */
const ranges: readonly (readonly [
  string,
  string,
  'never' | 'private',
  string,
  string | undefined,
  string | undefined,
])[] = [
  ['0.0.0.0', '0.255.255.255', 'never', 'unspecified', undefined, '1.0.0.0'],
  ['10.0.0.0', '10.255.255.255', 'private', 'private', '9.255.255.255', '11.0.0.0'],
  ['100.64.0.0', '100.127.255.255', 'private', 'private', '100.63.255.255', '100.128.0.0'],
  ['127.0.0.0', '127.255.255.255', 'never', 'loopback', '126.255.255.255', '128.0.0.0'],
  ['168.63.129.16', '168.63.129.16', 'never', 'metadata', '168.63.129.15', '168.63.129.17'],
  ['169.254.0.0', '169.254.255.255', 'never', 'link-local', '169.253.255.255', '169.255.0.0'],
  ['172.16.0.0', '172.31.255.255', 'private', 'private', '172.15.255.255', '172.32.0.0'],
  ['192.0.0.0', '192.0.0.255', 'never', 'reserved', '191.255.255.255', '192.0.1.0'],
  ['192.0.2.0', '192.0.2.255', 'never', 'reserved', '192.0.1.255', '192.0.3.0'],
  ['192.88.99.0', '192.88.99.255', 'never', 'reserved', '192.88.98.255', '192.88.100.0'],
  ['192.168.0.0', '192.168.255.255', 'private', 'private', '192.167.255.255', '192.169.0.0'],
  ['198.18.0.0', '198.19.255.255', 'never', 'reserved', '198.17.255.255', '198.20.0.0'],
  ['198.51.100.0', '198.51.100.255', 'never', 'reserved', '198.51.99.255', '198.51.101.0'],
  ['203.0.113.0', '203.0.113.255', 'never', 'reserved', '203.0.112.255', '203.0.114.0'],
  ['224.0.0.0', '239.255.255.255', 'never', 'multicast', '223.255.255.255', undefined],
  ['240.0.0.0', '255.255.255.254', 'never', 'reserved', undefined, undefined],
  ['255.255.255.255', '255.255.255.255', 'never', 'broadcast', undefined, undefined],
  ['fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'private', 'private', undefined, undefined],
  ['fd00:ec2::', 'fd00:ec2:ffff:ffff:ffff:ffff:ffff:ffff', 'never', 'metadata', undefined, undefined],
  ['fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'never', 'link-local', undefined, undefined],
  ['ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'never', 'multicast', undefined, undefined],
  ['2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', 'never', 'reserved', '2000:ffff::', '2001:200::'],
  [
    '2001:db8::',
    '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
    'never',
    'reserved',
    '2001:db7:ffff::',
    '2001:db9::',
  ],
  ['3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', 'never', 'reserved', '3ffe:ffff::', '3fff:1000::'],
  ['4000::', 'fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'never', 'reserved', '3fff:ffff::', undefined],
  ['100::', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'never', 'reserved', undefined, '2000::'],
  ['64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff', 'never', 'reserved', undefined, undefined],
  ['fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'never', 'reserved', undefined, undefined],
];

describe('an address', () => {
  it.each(ranges)('%s to %s: %s', (first, last, kind, what, before, after) => {
    for (const address of [first, last]) {
      const found = kindOfAddress(address, none);
      expect([address, found.kind, found.what]).toEqual([address, kind, expect.stringContaining(what)]);
    }
    for (const outside of [before, after])
      if (outside !== undefined) expect([outside, kindOf(outside)]).toEqual([outside, 'public']);
  });

  it.each([
    ['169.254.169.254', 'AWS, Azure, Google and others'],
    ['169.254.170.2', 'ECS credentials'],
    ['fd00:ec2::254', 'AWS'],
    ['100.100.100.200', 'Alibaba'],
    ['168.63.129.16', 'Azure'],
    ['192.0.0.192', 'Oracle'],
    ['fd20:ce::254', 'Google'],
    ['fd00:42::42', 'Scaleway'],
    ['fd00:c1::a9fe:a9fe', 'Oracle'],
  ])('%s is the metadata service of %s: never', (address) => {
    expect(kindOf(address)).toBe('never');
  });

  it.each([
    ['mapped', (v4: string) => `::ffff:${v4}`],
    ['compatible', (v4: string) => `::${v4}`],
    ['NAT64', (v4: string) => `64:ff9b::${v4}`],
    ['6to4', (v4: string) => `2002:${hexOf(v4)}::1`],
    ['mapped, in hexadecimal', (v4: string) => `::FFFF:${hexOf(v4)}`],
  ])('%s is judged as the IPv4 address inside', (_form, write) => {
    expect(kindOf(write('127.0.0.1'))).toBe('never');
    expect(kindOf(write('169.254.169.254'))).toBe('never');
    expect(kindOf(write('10.1.2.3'))).toBe('private');
    expect(kindOf(write('93.184.216.34'))).toBe('public');
    expect(kindOfAddress(write('93.184.216.34'), new Set(['93.184.216.34']))).toEqual({
      kind: 'private',
      what: "an address of the bot's own host",
    });
  });

  it('of its own is not what the zeros are', () => {
    for (const address of ['::', '::1', '0:0:0:0:0:0:0:1', '::2', '::ffff:0:10.0.0.1'])
      expect([address, kindOf(address)]).toEqual([address, 'never']);
  });

  it('of this host is private, but stays refused where it always is', () => {
    const own = new Set(['2600:0:0:0:0:0:0:1', '127.0.0.1']);
    expect(kindOfAddress('2600::1', own).kind).toBe('private');
    expect(kindOfAddress('127.0.0.1', own).kind).toBe('never');
    expect(kindOfAddress('2600::2', own).kind).toBe('public');
  });

  it.each(['', 'localhost', '1.2.3', '01.2.3.4', 'fe80::1%eth0', '2600::1%2', '1.2.3.4:80', '[::1]', ':::'])(
    '%j is none: never',
    (text) => {
      expect(kindOf(text)).toBe('never');
      expect(spelled(text)).toBeUndefined();
    },
  );

  it('has one spelling', () => {
    for (const text of ['2600:0::A', '2600::a', '2600:0:0:0:0:0:0:a', '2600::0:0.0.0.10'])
      expect(spelled(text)).toBe('2600:0:0:0:0:0:0:a');
  });
});

function hexOf(v4: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = v4.split('.').map(Number);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
