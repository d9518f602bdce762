/**
 * The format as docs/audit-format.md tells it: the page's own example verifies, its commands print what it says, and
 * the independent verifier beside it agrees with ours on every way of tampering.
 */
import { execFile } from 'node:child_process';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  actions,
  type Draft,
  type Entry,
  emptyChain,
  hashOf,
  headOf,
  publicKeyFrom,
  publicKeyText,
  seal,
  signHash,
} from '../src/domain/audit.ts';
import type { StoredLine } from '../src/domain/verify-chain.ts';
import { exportLine, readExport } from '../src/flow/trail-export.ts';
import { verifyExport, type Witnessed } from '../src/flow/verify-trail.ts';
import { newSigningKey, someDraft } from './support/builders.ts';

const run = promisify(execFile);
const docs = join(import.meta.dirname, '..', 'docs');
const script = join(docs, 'verify-audit.py');
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'prod-access-format-'));
});
afterAll(() => rm(dir, { recursive: true }));

type Outcome = { readonly code: number; readonly lines: readonly string[] };

async function python(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Outcome> {
  const outcome = await run('/usr/bin/env', ['python3', script, ...args], { env }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string; stderr: string }) => {
      if (error.stderr !== '') throw new Error(error.stderr);
      return error;
    },
  );
  return { code: outcome.code, lines: outcome.stdout.trimEnd().split('\n') };
}

type Row = { entry: Record<string, unknown> & Entry; sig?: string };

/** Commits of one to three entries, under one key. */
function chainOf(commits: readonly (readonly Partial<Draft>[])[], key: KeyObject, chain = 'k3v9q2mm'): Row[] {
  let head = emptyChain(chain);
  return commits.flatMap((drafts) =>
    drafts.map((draft, index) => {
      const entry = seal(someDraft(draft), head);
      head = headOf(entry);
      return { entry, ...(index === drafts.length - 1 ? { sig: signHash(entry.hash, key) } : {}) };
    }),
  );
}

const key = newSigningKey();
const stranger = newSigningKey();
const awkward = {
  details: {
    text: 'tab\t, quote ", \\, \u0001\u007f, ü, 🙂, \u2028',
    list: [1, -5, [], {}],
    'a key': null,
    no: false,
  },
};
const trail = (): Row[] =>
  chainOf([[{}], [{}, awkward], [{ access: 'acc_aaaaaaaaaaaaaaaa' }, { target: 'wiki' }, {}], [{}]], key);

const lineOf = ({ entry, sig }: { entry: unknown; sig?: string }): string =>
  exportLine({ entry: JSON.stringify(entry), ...(sig === undefined ? {} : { sig }) } as StoredLine);
const textOf = (lines: readonly string[]): string =>
  [JSON.stringify({ chain: 'k3v9q2mm', keys: [publicKeyText(key)] }), ...lines, ''].join('\n');

/** Both verifiers on one file; they must say the same. */
async function verdictOn(
  lines: readonly string[],
  heads: readonly Witnessed[] = [],
): Promise<readonly string[]> {
  const text = textOf(lines);
  const path = join(dir, 'export.jsonl');
  await writeFile(path, text);
  const read = readExport(text);
  if (read === undefined) throw new Error('not an export');
  const ours = verifyExport(read, [createPublicKey(key)], heads).flaws.map(({ says }) => says);
  const theirs = await python([
    path,
    '--key',
    publicKeyText(key),
    ...heads.flatMap(({ seq, hash }) => ['--head', `${seq}:${hash}`]),
  ]);
  expect(theirs.lines.slice(0, -1)).toEqual(ours);
  expect(theirs.lines.at(-1)).toMatch(ours.length === 0 ? /^ok: / : /^WRONG: /);
  expect(theirs.code).toBe(ours.length === 0 ? 0 : 1);
  return ours;
}

const edit = (rows: Row[], seq: number, change: (entry: Row['entry']) => object): Row[] =>
  rows.map((row) =>
    row.entry.seq === seq ? { ...row, entry: { ...row.entry, ...change(row.entry) } as Row['entry'] } : row,
  );
const rehash = (entry: Row['entry']): Row['entry'] => ({ ...entry, hash: hashOf(entry) });
const lastHead = (): Witnessed => {
  const last = trail().at(-1);
  if (last === undefined) throw new Error('empty');
  return headOf(last.entry);
};

describe('both verifiers agree', () => {
  it.each<[string, (rows: Row[]) => readonly Row[], readonly string[]]>([
    ['a whole trail', (rows) => rows, []],
    ['nothing at all', () => [], []],
    [
      'an edited detail',
      (rows) => edit(rows, 3, () => ({ details: { text: 'innocent' } })),
      ['entry #3 of chain k3v9q2mm was edited: its content does not give its hash'],
    ],
    [
      'an edited actor',
      (rows) => edit(rows, 6, ({ actor }) => ({ actor: { ...actor, id: 'U0EVE' } })),
      ['entry #6 of chain k3v9q2mm was edited: its content does not give its hash'],
    ],
    [
      'an added field',
      (rows) => edit(rows, 1, () => ({ note: 1 })),
      ['entry #1 of chain k3v9q2mm was edited: its content does not give its hash'],
    ],
    [
      'an edited entry with its hash made anew',
      (rows) => edit(rows, 2, (entry) => rehash({ ...entry, at: '2026-11-24T12:00:00.000Z' })),
      ["entry #3 of chain k3v9q2mm does not follow #2: its prev is another entry's hash"],
    ],
    [
      'a signed entry edited, its hash made anew',
      (rows) => edit(rows, 7, (entry) => rehash({ ...entry, action: 'bot.stopped' })),
      ['entry #7 of chain k3v9q2mm carries a signature by none of the pinned keys'],
    ],
    [
      'an entry removed',
      (rows) => rows.filter(({ entry }) => entry.seq !== 4),
      ['#4 of chain k3v9q2mm missing before #5'],
    ],
    [
      'three entries removed',
      (rows) => rows.filter(({ entry }) => entry.seq > 3),
      ['#1 to #3 of chain k3v9q2mm missing before #4'],
    ],
    [
      'an entry repeated',
      (rows) => rows.flatMap((row) => (row.entry.seq === 3 ? [row, row] : [row])),
      ['entry #3 of chain k3v9q2mm stands twice'],
    ],
    [
      'two entries swapped',
      (rows) => [0, 1, 3, 2, 4, 5, 6].flatMap((at) => rows[at] ?? []),
      ['#3 of chain k3v9q2mm missing before #4', 'entry #3 of chain k3v9q2mm stands after #4'],
    ],
    [
      'a fork',
      (rows) => [...rows, ...chainOf([[{}], [{ at: '2026-11-25T00:00:00.000Z' }]], key).slice(1)],
      ['entry #2 of chain k3v9q2mm exists with two different hashes'],
    ],
    [
      'the last signature taken off',
      (rows) => rows.map(({ entry }, at) => (at > 5 ? { entry } : (rows[at] ?? { entry }))),
      ['nothing signed from entry #7 of chain k3v9q2mm on'],
    ],
    [
      'the end cut off within a commit',
      (rows) => rows.slice(0, 5),
      ['nothing signed from entry #4 of chain k3v9q2mm on'],
    ],
    [
      'a signature that is no signature',
      (rows) => rows.map((row) => (row.entry.seq === 1 ? { ...row, sig: 'AAA' } : row)),
      ['entry #1 of chain k3v9q2mm carries a signature by none of the pinned keys'],
    ],
    [
      "a stranger's whole trail",
      () => chainOf([[{}]], stranger),
      ['entry #1 of chain k3v9q2mm carries a signature by none of the pinned keys'],
    ],
    [
      'a second chain after a loss',
      (rows) => [...rows, ...chainOf([[{ action: 'ledger.lost' }, {}]], key, 'other234')],
      [],
    ],
    [
      'a new key, announced by the old one',
      () => {
        const [first] = chainOf(
          [[{ action: 'bot.started', details: { next_key: publicKeyText(stranger) } }]],
          key,
        );
        const rest = chainOf(
          [[{ action: 'bot.started', details: { next_key: publicKeyText(stranger) } }], [{}]],
          stranger,
        );
        return [...(first === undefined ? [] : [first]), ...rest.slice(1)];
      },
      [],
    ],
    [
      'no actor',
      (rows) => edit(rows, 1, () => ({ actor: 'ana' })),
      ['line 2 is not an entry', '#1 of chain k3v9q2mm missing before #2'],
    ],
    [
      'a null where nothing should be',
      (rows) => edit(rows, 7, () => ({ target: null })),
      ['line 8 is not an entry'],
    ],
    ['a number of another kind', (rows) => edit(rows, 7, () => ({ seq: 7.5 })), ['line 8 is not an entry']],
  ])('%s', async (_, tamper, expected) => {
    expect(await verdictOn(tamper(trail()).map(lineOf))).toEqual(expected);
  });

  it.each([
    ['half a surrogate pair', '"\\ud800"'],
    ['a number that no reader holds', '1e400'],
    ['a number that readers round', '9007199254740993'],
    ['a key beyond ASCII', '{"é":1}'],
  ])('%s is in no entry', async (_, value) => {
    const lines = trail().map(lineOf);
    for (const place of ['"extra":', '"details":{"extra":']) {
      const end = place.startsWith('"details') ? ',' : ',"details":{';
      const smuggled = lines.map((line, at) =>
        at === 6 ? line.replace('"details":{', `${place}${value}${end}`) : line,
      );
      expect(await verdictOn(smuggled)).toEqual(['line 8 is not an entry']);
    }
  });

  it('takes another spelling of the same JSON for the same entry', async () => {
    const lines = trail().map(lineOf);
    const spelled = lines.map((line) => line.replace('"seq":1,', '"seq" : 1.0 ,').replace('ü', '\\u00fc'));
    expect(spelled).not.toEqual(lines);
    expect(await verdictOn(spelled)).toEqual([]);
  });

  it('names the line of what cannot be read', async () => {
    const lines = trail().map(lineOf);
    const torn = [
      exportLine({ entry: '{"half":' }),
      ...lines,
      'NaN',
      '{"entry":[]}',
      '{"sig":"x"}',
      '[]',
      '',
    ];
    expect(torn[0]).toBe('{"unreadable":"{\\"half\\":"}');
    const says = [2, 10, 11, 12, 13].map((line) => `line ${line} is not an entry`);
    expect(await verdictOn(torn.slice(0, -1))).toEqual(says);
  });

  it('finds a cut only against a head', async () => {
    const cut = trail().slice(0, 6).map(lineOf);
    expect(await verdictOn(cut)).toEqual([]);
    expect(await verdictOn(trail().map(lineOf), [lastHead()])).toEqual([]);
    const says = `the witnessed entry #7 (${lastHead().hash.slice(0, 8)}) is not in the trail`;
    expect(await verdictOn(cut, [lastHead()])).toEqual([says]);
    expect(await verdictOn(trail().map(lineOf), [{ seq: 6, hash: lastHead().hash }])).toHaveLength(1);
  });
});

describe('the independent verifier', () => {
  it('says when it took the file at its word, and when it could not check signatures', async () => {
    const path = join(dir, 'word.jsonl');
    await writeFile(path, textOf(chainOf([[{}]], stranger).map(lineOf)));
    const { lines, code } = await python([path, '--key', publicKeyText(stranger)]);
    expect([lines, code]).toEqual([['ok: 1 lines; chain k3v9q2mm up to #1'], 0]);
    await writeFile(path, textOf(trail().map(lineOf)));
    expect((await python([path])).lines[0]).toBe(
      "note: the keys are the file's own word: pin them with --key",
    );
    const python3 = (await run('python3', ['-c', 'import sys; print(sys.executable)'])).stdout.trim();
    const bare = await run(python3, [script, path], { env: { PATH: '/nonexistent' } });
    expect(bare.stdout).toContain('openssl was not found: the hashes were checked, the signatures were not');
  });

  it('is short enough to be read', async () => {
    expect((await readFile(script, 'utf8')).split('\n').length).toBeLessThan(121);
  });
});

it('names every action, with its details', async () => {
  const page = await readFile(join(docs, 'audit-format.md'), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  expect(actions.filter((action) => !rows.some((row) => row.includes(`\`${action}\``)))).toEqual([]);
});

describe("the page's worked example", () => {
  const block = (page: string, name: string): string =>
    new RegExp(`<!-- ${name} -->\n\`\`\`json\n([\\s\\S]*?)\n\`\`\``).exec(page)?.[1] ?? '';

  it('verifies', async () => {
    const page = await readFile(join(docs, 'audit-format.md'), 'utf8');
    const read = readExport(block(page, 'example'));
    const pinned = publicKeyFrom(read?.keys[0] ?? '');
    expect(read?.lines).toHaveLength(3);
    expect(read === undefined ? [] : verifyExport(read, [pinned])).toMatchObject({ entries: 3, flaws: [] });
  });

  it('has commands that print what it says', async () => {
    const page = await readFile(join(docs, 'audit-format.md'), 'utf8');
    await writeFile(join(dir, 'example.jsonl'), `${block(page, 'example')}\n`);
    await writeFile(join(dir, 'canonical.json'), block(page, 'canonical'));
    await copyFile(script, join(dir, 'verify-audit.py'));
    const sessions = [...page.matchAll(/```\n(\$ [\s\S]*?)\n```/g)].map(([, text = '']) => text.split('\n'));
    expect(sessions).toHaveLength(3);
    for (const lines of sessions) {
      const commands = lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
      const { stdout } = await run('bash', ['-ec', commands.join('\n')], { cwd: dir });
      expect(stdout.trimEnd().split('\n')).toEqual(lines.filter((line) => !line.startsWith('$ ')));
    }
  });
});
