import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  actions,
  type Details,
  type Draft,
  emptyChain,
  genesis,
  hashOf,
  headOf,
  installOf,
  isSignedBy,
  publicKeyFrom,
  publicKeyText,
  seal,
  signHash,
} from '../../src/domain/audit.ts';
import { newSigningKey, someDraft } from '../support/builders.ts';

/** RFC 8785 anew, as far as entries need it: keys by UTF-16 code units, no spaces, JSON's own escapes. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
}

function independentHash(entry: Readonly<Record<string, unknown>>): string {
  const { hash: _, ...body } = entry;
  return createHash('sha256')
    .update(`${String(body.prev)}${canonical(body)}`, 'utf8')
    .digest('hex');
}

const known = {
  chain: 'k3v9',
  seq: 1,
  at: '2026-11-23T12:00:00.000Z',
  action: 'access.requested',
  access: 'acc_abcdefghijklmnop',
  actor: { kind: 'person', id: 'U0ANA', name: 'Ana \u00d6 \u{1f525}' },
  target: 'payments-db',
  details: {
    reason: 'checkout "500s" \u2028 </script>',
    duration_ms: 2_700_000,
    zero: 0,
    neg: -5,
    list: [1, 'a', null, true, { b: 1, A: 2 }],
  },
  prev: genesis,
} as const;

describe('the hash', () => {
  it('of a known entry is what another implementation, in another language, made of it', () => {
    expect(hashOf(known)).toBe('b64d9da332ced30c2be5c33e6a4d7597661b27dcbe9ad1cdb44745736feb2f77');
    expect(independentHash(known)).toBe(hashOf(known));
  });

  it('leaves out the hash that is carried, and nothing else, unknown fields included', () => {
    expect(hashOf({ ...known, hash: 'x' })).toBe(hashOf(known));
    expect(hashOf({ ...known, added: 1 })).not.toBe(hashOf(known));
    expect(hashOf({ ...known, prev: 'f'.repeat(64) })).not.toBe(hashOf(known));
  });

  it('does not hang on the order in which the fields stand', () => {
    const { chain, seq, ...rest } = known;
    expect(hashOf({ ...rest, seq, chain })).toBe(hashOf(known));
  });

  const text = fc.string({ unit: 'grapheme', maxLength: 12 });
  const key = fc.stringMatching(/^[ -~]{1,8}$/).filter((each) => each !== '__proto__');
  const json = fc.letrec<{ value: Details[string] }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 3 }),
    ),
  })).value;

  it('is what the independent implementation says, for every entry that can be sealed', () => {
    fc.assert(
      fc.property(fc.dictionary(key, json, { maxKeys: 4 }), text, (details, name) => {
        const entry = seal(
          someDraft({ details, actor: { kind: 'person', id: 'U1', name } }),
          emptyChain('abcd'),
        );
        expect(entry.hash).toBe(independentHash(entry));
        // It survives storage.
        expect(hashOf(JSON.parse(JSON.stringify(entry)))).toBe(entry.hash);
      }),
      { numRuns: 500 },
    );
  });
});

describe('sealing', () => {
  it('chains: numbers without gaps, each on the hash of the one before', () => {
    const first = seal(someDraft(), emptyChain('abcd'));
    const second = seal(someDraft({ action: 'bot.stopped' }), headOf(first));
    expect(first).toMatchObject({ chain: 'abcd', seq: 1, prev: '0'.repeat(64) });
    expect(second).toMatchObject({ chain: 'abcd', seq: 2, prev: first.hash });
    expect(headOf(second)).toEqual({ chain: 'abcd', seq: 2, hash: second.hash });
  });

  it('keeps what does not apply out of the entry', () => {
    const entry = seal(someDraft(), emptyChain('abcd'));
    expect(Object.keys(entry).sort()).toEqual([
      'action',
      'actor',
      'at',
      'chain',
      'details',
      'hash',
      'prev',
      'seq',
    ]);
  });

  const wild = (value: unknown): Draft => someDraft({ details: { value } as Details });
  it.each<[string, Draft, string]>([
    ['a fraction', wild(1.5), 'entry.details.value is 1.5, which is no safe integer'],
    [
      'a number that is too large',
      wild(2 ** 53),
      'entry.details.value is 9007199254740992, which is no safe integer',
    ],
    ['not a number', wild(Number.NaN), 'entry.details.value is NaN, which is no safe integer'],
    [
      'infinity',
      wild([Number.POSITIVE_INFINITY]),
      'entry.details.value[0] is Infinity, which is no safe integer',
    ],
    ['a lone surrogate', wild('a\ud800'), 'entry.details.value is not well-formed Unicode'],
    [
      'a lone surrogate in a name',
      someDraft({ actor: { kind: 'person', id: 'U1', name: '\udc00' } }),
      'entry.actor.name is not well-formed Unicode',
    ],
    [
      'a key beyond ASCII',
      wild({ stra\u00dfe: 1 }),
      'entry.details.value has the key "stra\u00dfe", which is not ASCII',
    ],
    [
      'a key of control characters',
      wild({ 'a\n': 1 }),
      'entry.details.value has the key "a\\n", which is not ASCII',
    ],
    ['an empty key', wild({ '': 1 }), 'entry.details.value has the key "", which is not ASCII'],
    ['undefined', wild(undefined), 'entry.details.value is undefined'],
    ['a big integer', wild(1n), 'entry.details.value is bigint'],
    ['a function', wild(() => 1), 'entry.details.value is function'],
  ])('refuses %s, saying where it stands', (_, draft, message) =>
    expect(() => seal(draft, emptyChain('abcd'))).toThrow(new TypeError(message)),
  );
});

describe('signing', () => {
  const key = newSigningKey();

  it('vouches for one hash and no other, with one key and no other', () => {
    const { hash } = seal(someDraft(), emptyChain('abcd'));
    const signature = signHash(hash, key);
    expect(Buffer.from(signature, 'base64')).toHaveLength(64);
    expect(isSignedBy(hash, signature, createPublicKey(key))).toBe(true);
    expect(isSignedBy(hash.replace(/^./, 'x'), signature, createPublicKey(key))).toBe(false);
    expect(isSignedBy(hash, signature, createPublicKey(newSigningKey()))).toBe(false);
  });

  it.each(['', 'AAAA', '!!!', 'x'.repeat(88)])('takes %j for no signature, and does not throw', (signature) =>
    expect(isSignedBy('0'.repeat(64), signature, createPublicKey(key))).toBe(false),
  );

  it('writes the public key as base64 of its 32 bytes, and reads it back', () => {
    const text = publicKeyText(key);
    expect(Buffer.from(text, 'base64')).toHaveLength(32);
    expect(publicKeyText(publicKeyFrom(text))).toBe(text);
    expect(publicKeyText(createPublicKey(key))).toBe(text);
  });

  it('names the install after the public key', () => {
    const raw = Buffer.from(publicKeyText(key), 'base64');
    const expected = createHash('sha256').update(raw).digest('hex').slice(0, 12);
    expect(installOf(createPublicKey(key))).toBe(expected);
  });

  it('takes no key of another kind', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    expect(() => publicKeyText(publicKey)).toThrow('not an Ed25519 key');
  });
});

it('knows every action of the contract, each once', () => {
  expect(new Set(actions).size).toBe(actions.length);
  expect(actions).toEqual(
    expect.arrayContaining([
      'access.requested',
      'vote.refused',
      'alarm.raised',
      'ledger.lost',
      'bot.started',
    ]),
  );
});
