/** Every way of tampering, each found and named. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Draft,
  type Entry,
  emptyChain,
  genesis,
  type Head,
  hashOf,
  headOf,
  publicKeyText,
  seal,
  signHash,
} from '../../src/domain/audit.ts';
import { type Flaw, readEntry, type StoredLine, verifyChain } from '../../src/domain/verify-chain.ts';
import { newSigningKey, someDraft } from '../support/builders.ts';

const key = newSigningKey();
const foreign = newSigningKey();
const pinned = [createPublicKey(key)];

type Line = { readonly entry: Entry; readonly sig?: string };

/** A chain of `count` entries, all signed, or only those that `signed` takes. */
function chainOf(
  count: number,
  options: { signed?: (seq: number) => boolean; chain?: string; by?: KeyObject; from?: Head } = {},
): Line[] {
  const { signed = () => true, chain = 'good', by = key } = options;
  let head = options.from ?? emptyChain(chain);
  return Array.from({ length: count }, (_, index) => {
    const entry = seal(someDraft({ details: { number: index + 1 } }), head);
    head = headOf(entry);
    return { entry, ...(signed(entry.seq) ? { sig: signHash(entry.hash, by) } : {}) };
  });
}

function stored(lines: readonly Line[]): StoredLine[] {
  return lines.map(({ entry, sig }) => ({
    entry: JSON.stringify(entry),
    ...(sig === undefined ? {} : { sig }),
  }));
}

function check(lines: readonly Line[], witness: readonly Pick<Head, 'seq' | 'hash'>[] = []): readonly Flaw[] {
  return verifyChain(stored(lines), pinned, witness).flaws;
}

/** `kind #seq: what it says`. */
function said(flaws: readonly Flaw[]): readonly string[] {
  return flaws.map(
    ({ kind, seq, line, says }) => `${kind} ${seq === undefined ? `line ${line}` : `#${seq}`}: ${says}`,
  );
}

/** The same entry with another content, its hash made to fit. */
function remade(entry: Entry, change: Partial<Entry>): Entry {
  const other = { ...entry, ...change };
  return { ...other, hash: hashOf(other) };
}

function headFrom(lines: readonly Line[]): Head {
  const entry = lines.at(-1)?.entry;
  return entry === undefined ? emptyChain('good') : headOf(entry);
}

describe('a whole trail', () => {
  it('verifies, and its head is told', () => {
    const lines = chainOf(5);
    expect(verifyChain(stored(lines), pinned, [headFrom(lines)])).toEqual({
      entries: 5,
      chains: [headFrom(lines)],
      flaws: [],
    });
  });

  it('needs a signature only at the end of each commit', () =>
    expect(check(chainOf(6, { signed: (seq) => seq % 3 === 0 }))).toEqual([]));

  it('may be empty', () => expect(verifyChain([], pinned)).toEqual({ entries: 0, chains: [], flaws: [] }));

  it('may hold a chain that was lost and the one that followed', () => {
    const lines = [...chainOf(3), ...chainOf(2, { chain: 'next' })];
    expect(verifyChain(stored(lines), pinned).chains.map(({ chain, seq }) => [chain, seq])).toEqual([
      ['good', 3],
      ['next', 2],
    ]);
    expect(check(lines)).toEqual([]);
  });

  it('may go on under a new key that the old one announced', () => {
    const next = newSigningKey();
    const announcement: Draft = someDraft({
      action: 'bot.started',
      details: { next_key: publicKeyText(next) },
    });
    const first = chainOf(2);
    const entry = seal(announcement, headFrom(first));
    const lines = [
      ...first,
      { entry, sig: signHash(entry.hash, key) },
      ...chainOf(2, { from: headOf(entry), by: next }),
    ];
    expect(check(lines)).toEqual([]);
  });

  it('may hold actions of a later version and fields that nobody knows, which are hashed like others', () => {
    const [first] = chainOf(1);
    const entry = remade({ ...(first as Line).entry, added: { a: 1 } } as Entry, { action: 'access.frozen' });
    expect(check([{ entry, sig: signHash(entry.hash, key) }])).toEqual([]);
  });
});

describe('what was done to it is found, and the entry is named', () => {
  it('an edited entry', () => {
    const lines = chainOf(4);
    const third = lines[2] as Line;
    lines[2] = { ...third, entry: { ...third.entry, details: { number: 99 } } };
    expect(said(check(lines))).toEqual([
      'edited #3: entry #3 of chain good was edited: its content does not give its hash',
    ]);
  });

  it('an edited entry whose hash was made to fit', () => {
    const lines = chainOf(4);
    const third = lines[2] as Line;
    lines[2] = { ...third, entry: remade(third.entry, { details: { number: 99 } }) };
    expect(said(check(lines))).toEqual([
      'bad-signature #3: entry #3 of chain good carries a signature by none of the pinned keys',
      "inserted #4: entry #4 of chain good does not follow #3: its prev is another entry's hash",
    ]);
  });

  it('a field that hides behind the name of a prototype', () => {
    const lines = stored(chainOf(2));
    const smuggled = (lines[1] as StoredLine).entry.replace(
      '"details":{',
      '"details":{"__proto__":{"approved":true},',
    );
    expect(readEntry(smuggled)).toBeDefined();
    expect(
      said(verifyChain([lines[0] as StoredLine, { ...lines[1], entry: smuggled }], pinned).flaws),
    ).toEqual(['edited #2: entry #2 of chain good was edited: its content does not give its hash']);
  });

  it('a removed entry', () => {
    const lines = chainOf(5);
    expect(said(check(lines.toSpliced(2, 1)))).toEqual(['missing #3: #3 of chain good missing before #4']);
    expect(said(check(lines.toSpliced(1, 3)))).toEqual([
      'missing #2: #2 to #4 of chain good missing before #5',
    ]);
    expect(said(check(lines.slice(1)))).toEqual(['missing #1: #1 of chain good missing before #2']);
  });

  it('an entry inserted under a number of its own, with all that follow renumbered', () => {
    const lines = chainOf(3);
    const forged = chainOf(2, { from: headFrom(lines.slice(0, 2)), by: foreign });
    expect(said(check([...lines.slice(0, 2), ...forged]))).toEqual([
      'bad-signature #3: entry #3 of chain good carries a signature by none of the pinned keys',
      'bad-signature #4: entry #4 of chain good carries a signature by none of the pinned keys',
    ]);
  });

  it('an entry inserted between two others', () => {
    const lines = chainOf(3, { signed: (seq) => seq === 3 });
    const [, , third] = lines as [Line, Line, Line];
    const forged = remade(third.entry, {
      seq: 2,
      prev: (lines[0] as Line).entry.hash,
      details: { forged: true },
    });
    expect(said(check([lines[0] as Line, { entry: forged }, third]))).toEqual([
      "inserted #3: entry #3 of chain good does not follow #2: its prev is another entry's hash",
    ]);
  });

  it('an entry that stands twice', () => {
    const lines = chainOf(3);
    expect(said(check(lines.toSpliced(2, 0, lines[1] as Line)))).toEqual([
      'inserted #2: entry #2 of chain good stands twice',
    ]);
  });

  it('two entries that were swapped', () => {
    const [one, two, three, four] = chainOf(4) as [Line, Line, Line, Line];
    const flaws = said(check([one, three, two, four]));
    expect(flaws).toContain('reordered #2: entry #2 of chain good stands after #3');
    expect(flaws).toContain('missing #2: #2 of chain good missing before #3');
    expect(flaws).toHaveLength(2);
  });

  it('a fork: two entries of one number', () => {
    const lines = chainOf(3);
    const other = seal(someDraft({ details: { other: true } }), headFrom(lines.slice(0, 2)));
    const flaws = said(check([...lines, { entry: other, sig: signHash(other.hash, key) }]));
    expect(flaws).toEqual(['fork #3: entry #3 of chain good exists with two different hashes']);
  });

  it('a tail that nobody signed', () => {
    const lines = chainOf(5, { signed: (seq) => seq <= 3 });
    expect(said(check(lines))).toEqual(['unsigned #4: nothing signed from entry #4 of chain good on']);
    expect(said(check(chainOf(2, { signed: () => false })))).toEqual([
      'unsigned #1: nothing signed from entry #1 of chain good on',
    ]);
  });

  it('a signature by a foreign key', () =>
    expect(said(check([...chainOf(1), ...chainOf(1, { from: headFrom(chainOf(1)), by: foreign })]))).toEqual([
      'bad-signature #2: entry #2 of chain good carries a signature by none of the pinned keys',
    ]));

  it('a chain of somebody else', () => {
    const flaws = said(check([...chainOf(2), ...chainOf(2, { chain: 'evil', by: foreign })]));
    expect(flaws).toEqual([
      'bad-signature #1: entry #1 of chain evil carries a signature by none of the pinned keys',
      'bad-signature #2: entry #2 of chain evil carries a signature by none of the pinned keys',
    ]);
  });

  it('a key that was announced by an edited entry is not believed', () => {
    const lines = chainOf(1);
    const started = seal(
      someDraft({ action: 'bot.started', details: { key: publicKeyText(key) } }),
      headFrom(lines),
    );
    const edited = { ...started, details: { key: publicKeyText(key), next_key: publicKeyText(foreign) } };
    const forged = chainOf(1, { from: headOf(started), by: foreign });
    expect(said(check([...lines, { entry: edited, sig: signHash(started.hash, key) }, ...forged]))).toEqual([
      'edited #2: entry #2 of chain good was edited: its content does not give its hash',
      'bad-signature #3: entry #3 of chain good carries a signature by none of the pinned keys',
    ]);
  });

  it('a key that was announced by nobody whom we trust is not believed', () => {
    const announcement = seal(
      someDraft({ action: 'bot.started', details: { next_key: publicKeyText(foreign) } }),
      emptyChain('good'),
    );
    const forged = chainOf(1, { from: headOf(announcement), by: foreign });
    const kinds = check([{ entry: announcement, sig: signHash(announcement.hash, foreign) }, ...forged]).map(
      ({ kind, seq }) => [kind, seq],
    );
    expect(kinds).toEqual([
      ['bad-signature', 1],
      ['bad-signature', 2],
    ]);
  });

  it.each([
    ['no JSON', 'hello'],
    ['no object', '[]'],
    ['an entry that lacks its chain', '{"seq":1}'],
    [
      'a number that is no integer',
      JSON.stringify((chainOf(2)[1] as Line).entry).replace('"number":2', '"number":2.5'),
    ],
    [
      'a lone surrogate',
      JSON.stringify((chainOf(2)[1] as Line).entry).replace('"number":2', '"number":"\\ud800"'),
    ],
  ])('a line that is no entry: %s', (_, entry) => {
    const [first] = stored(chainOf(1)) as [StoredLine];
    expect(said(verifyChain([first, { entry }], pinned).flaws)).toEqual([
      'unreadable line 2: line 2 is not an entry',
    ]);
  });

  it('a beginning that does not begin', () => {
    const [first] = chainOf(1) as [Line];
    const entry = remade(first.entry, { prev: 'f'.repeat(64) });
    expect(said(check([{ entry, sig: signHash(entry.hash, key) }]))).toEqual([
      "inserted #1: entry #1 of chain good does not follow #0: its prev is another entry's hash",
    ]);
    expect(genesis).toBe('0'.repeat(64));
  });
});

describe('a trail that was cut off', () => {
  const lines = chainOf(5);
  const short = lines.slice(0, 3);

  it('looks whole by itself, and is found against whoever saw more', () => {
    const { hash } = headFrom(lines);
    expect(check(short)).toEqual([]);
    expect(said(check(short, [headFrom(lines)]))).toEqual([
      `truncated #5: the witnessed entry #5 (${hash.slice(0, 8)}) is not in the trail`,
    ]);
    expect(said(check([], [headFrom(lines)]))).toHaveLength(1);
  });

  it('is not said of one that has grown since', () => expect(check(lines, [headFrom(short)])).toEqual([]));

  it('and was continued otherwise, is found too', () => {
    const other = chainOf(2, { from: headFrom(short) });
    const elsewise = seal(someDraft({ details: { elsewise: true } }), headFrom(short));
    expect(check([...short, ...other], [headOf(elsewise)])).toMatchObject([{ kind: 'truncated', seq: 4 }]);
  });
});

describe('for all trails', () => {
  const lengths = fc.integer({ min: 2, max: 12 });

  it('taking out any entry but the last is found, and named by its number', () => {
    fc.assert(
      fc.property(lengths, fc.nat(), (length, chance) => {
        const at = chance % (length - 1);
        expect(check(chainOf(length).toSpliced(at, 1))).toMatchObject([{ kind: 'missing', seq: at + 1 }]);
      }),
    );
  });

  it('any exchange of two entries is found', () => {
    fc.assert(
      fc.property(lengths, fc.nat(), fc.nat(), (length, one, other) => {
        const [at, to] = [one % length, other % length];
        fc.pre(at !== to);
        const lines = chainOf(length);
        [lines[at], lines[to]] = [lines[to] as Line, lines[at] as Line];
        const named = check(lines).map(({ seq }) => seq);
        expect(named).toContain(Math.min(at, to) + 1);
      }),
    );
  });

  it('any change of a stored text is found, whatever character of it', () => {
    const lines = stored(chainOf(3, { signed: (seq) => seq === 3 }));
    const witness = [headFrom(chainOf(3))];
    fc.assert(
      fc.property(
        fc.nat(2),
        fc.nat(),
        fc.constantFrom('0', 'a', '"', '}', ' ', '\u00e9', '\\'),
        (which, chance, put) => {
          const { entry } = lines[which] as StoredLine;
          const at = chance % entry.length;
          const changed = entry.slice(0, at) + put + entry.slice(at + 1);
          const same = ((): boolean => {
            try {
              return JSON.stringify(JSON.parse(changed)) === entry;
            } catch {
              return false;
            }
          })();
          fc.pre(!same);
          expect(
            verifyChain(lines.with(which, { ...lines[which], entry: changed }), pinned, witness).flaws.length,
          ).toBeGreaterThan(0);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
