import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idBytes, idFrom, isAccessId, toBase32 } from '../../src/domain/ids.ts';

describe('base 32', () => {
  // RFC 4648, section 10, in lower case and without padding.
  it.each([
    ['', ''],
    ['f', 'my'],
    ['fo', 'mzxq'],
    ['foo', 'mzxw6'],
    ['foob', 'mzxw6yq'],
    ['fooba', 'mzxw6ytb'],
    ['foobar', 'mzxw6ytboi'],
  ])('spells %j as %j', (text, spelt) => expect(toBase32(Buffer.from(text))).toBe(spelt));

  it('keeps every bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
        const spelt = [...toBase32(bytes)].map((each) => alphabet.indexOf(each).toString(2).padStart(5, '0'));
        const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
        expect(spelt.join('').slice(0, bits.length)).toBe(bits);
      }),
    );
  });
});

describe('access ids', () => {
  it('are acc_ and 16 lower-case base-32 characters, different for different bytes', () => {
    const bytes = fc.uint8Array({ minLength: idBytes, maxLength: idBytes });
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        expect(idFrom('acc', one)).toMatch(/^acc_[a-z2-7]{16}$/);
        expect(idFrom('acc', one) === idFrom('acc', other)).toBe(Buffer.compare(one, other) === 0);
      }),
    );
  });

  it.each([0, 9, 11])('are not made of %i bytes', (count) =>
    expect(() => idFrom('acc', new Uint8Array(count))).toThrow('an id takes 10 bytes'),
  );

  it.each([
    '',
    'acc_',
    'acc_aaaaaaaaaaaaaaa',
    'acc_aaaaaaaaaaaaaaaaa',
    'acc_AAAAAAAAAAAAAAAA',
    'acc_aaaaaaaaaaaaaaa1',
    'acx_aaaaaaaaaaaaaaaa',
    'acc_aaaaaaaaaaaaaaaa\n',
    ' acc_aaaaaaaaaaaaaaaa',
  ])('do not look like %j', (text) => expect(isAccessId(text)).toBe(false));
});
