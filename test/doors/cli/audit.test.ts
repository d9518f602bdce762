import { createPublicKey } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Head, headOf, publicKeyText } from '../../../src/domain/audit.ts';
import type { CliDeps, CliStore } from '../../../src/doors/cli/deps.ts';
import { newSigningKey, someDraft } from '../../support/builders.ts';
import { type Console, openConsole } from './console.ts';

let cli: Console;
let key: string;
beforeEach(async () => {
  cli = openConsole();
  key = publicKeyText(createPublicKey(cli.ledger.signingKey));
  await cli.ledger.append([someDraft({ target: 'wiki' })]);
  await cli.ledger.append([someDraft(), someDraft({ details: { why: 'two words', policy: 'hidden' } })]);
});
afterEach(() => cli[Symbol.dispose]());

const storeWith = (change: Partial<CliStore>): Partial<CliDeps> => ({
  openStore: () => ({
    ledger: cli.ledger,
    timers: { schedule: async () => {} },
    witnesses: [],
    [Symbol.asyncDispose]: async () => {},
    ...change,
  }),
});
const lastHead = async (): Promise<Head> => {
  const last = (await cli.ledger.trail(0, 100)).at(-1);
  if (last === undefined) throw new Error('empty');
  return headOf(last.entry);
};

describe('audit tail', () => {
  it('prints the newest entries', async () => {
    const { code, out } = await cli.run(['audit', 'tail', '-n', '2']);
    expect(code).toBe(0);
    expect(out.replace(/ [0-9a-f]{8} /g, ' ######## ')).toBe(
      `#2 ########  2026-11-23T12:00:00.000Z  vote.refused  by out (U0OUT)  code=not-an-approver
#3 ########  2026-11-23T12:00:00.000Z  vote.refused  by out (U0OUT)  why="two words"
`,
    );
  });

  it('prints JSON lines with signatures', async () => {
    const { out } = await cli.run(['audit', 'tail', '--json']);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ entry, sig }) => [entry.seq, sig !== undefined])).toEqual([
      [1, true],
      [2, false],
      [3, true],
    ]);
  });

  it('follows until it is interrupted', async () => {
    const interrupt = new AbortController();
    let turns = 0;
    const sleep = async (): Promise<void> => {
      turns += 1;
      if (turns < 3) await cli.ledger.append([someDraft({ action: 'bot.started' })]);
      else interrupt.abort();
    };
    const { code, out } = await cli.run(['audit', 'tail', '-n', '0', '-f'], {
      clock: { now: () => 0, sleep },
      signal: interrupt.signal,
    });
    expect([code, out.match(/^#\d+/gm)]).toEqual([0, ['#4', '#5']]);
  });

  it('takes a whole number of lines', async () => {
    expect((await cli.run(['audit', 'tail', '-n', 'all'])).code).toBe(64);
  });
});

describe('audit verify', () => {
  it('finds the stream whole', async () => {
    const { seq, hash } = await lastHead();
    const { code, out, err } = await cli.run(['audit', 'verify']);
    expect([code, out]).toEqual([0, `ok: 3 entries, chain memory up to #${seq} (${hash})\n`]);
    expect(err).toBe('note: without a witness or --head, a trail that was cut short looks whole\n');
    const witnessed = await cli.run(
      ['audit', 'verify', '--stream'],
      storeWith({ witnesses: [async () => ({ chain: 'memory', seq, hash })] }),
    );
    expect([witnessed.code, witnessed.err]).toEqual([0, '']);
  });

  it('finds a cut against a witness', async () => {
    const hash = 'f'.repeat(64);
    const { code, out } = await cli.run(
      ['audit', 'verify'],
      storeWith({ witnesses: [async () => ({ chain: 'memory', seq: 9, hash })] }),
    );
    expect([code, out.split('\n')[0]]).toEqual([
      1,
      'truncated: the witnessed entry #9 (ffffffff) is not in the trail',
    ]);
    expect((await cli.run(['audit', 'verify', '--head', `9:${hash}`])).code).toBe(1);
  });

  it('says that a witness could not be asked, and exits with 69', async () => {
    const mute = async (): Promise<never> => {
      throw new Error('Slack did not answer');
    };
    const { code, out, err } = await cli.run(['audit', 'verify'], storeWith({ witnesses: [mute] }));
    expect([code, out.slice(0, 3)]).toEqual([69, 'ok:']);
    expect(err).toContain('note: a witness could not be asked: Slack did not answer\n');
  });

  it('names the wrong entry of the stream', async () => {
    const dump = async function* (): AsyncGenerator<{ entry: string; sig?: string }> {
      for await (const line of cli.ledger.dump()) {
        yield { ...line, entry: line.entry.replace('"two words"', '"one\\u001b[2J"') };
      }
      yield { entry: 'not json' };
    };
    const { code, out } = await cli.run(['audit', 'verify'], storeWith({ ledger: { ...cli.ledger, dump } }));
    expect(code).toBe(1);
    expect(out.split('\n').slice(0, 2)).toEqual([
      'edited: entry #3 of chain memory was edited: its content does not give its hash',
      'unreadable: line 4 is not an entry',
    ]);
    expect(out).toContain('WRONG: 2 flaws in 3 entries');
  });

  it('needs no configuration for an export', async () => {
    const file = join(cli.dir, 'trail.jsonl');
    await cli.run(['audit', 'export', '--out', file]);
    const told = await cli.run(['audit', 'verify', '--file', file], { env: {} });
    expect([told.code, told.err]).toContain(
      "note: the keys are the file's own word: pin them with --key\nnote: without a witness or --head, a trail that was cut short looks whole\n",
    );
    const { seq, hash } = await lastHead();
    const pinned = await cli.run(
      ['audit', 'verify', '--file', file, '--key', key, '--head', `${seq}:${hash}`, '--json'],
      { env: {} },
    );
    expect(pinned.code).toBe(0);
    expect(JSON.parse(pinned.out)).toMatchObject({
      entries: 3,
      flaws: [],
      keys: 'given',
      witnessed: [{ seq, hash }],
    });
    const stranger = publicKeyText(createPublicKey(newSigningKey()));
    const wrong = await cli.run(['audit', 'verify', '--file', file, '--key', stranger], { env: {} });
    expect([wrong.code, wrong.out]).toEqual([
      1,
      expect.stringContaining(
        'bad-signature: entry #1 of chain memory carries a signature by none of the pinned keys\n',
      ),
    ]);
  });

  it.each([
    [['--key', 'abc'], 'It must be an Ed25519 public key'],
    [['--head', '3'], 'It must be a number and a whole hash'],
    [['--file', '/nonexistent'], '/nonexistent cannot be read: ENOENT: no such file'],
    [['--file', 'x', '--stream'], 'cannot be used with'],
  ])('%j is wrong usage', async (args, says) => {
    const { code, err } = await cli.run(['audit', 'verify', ...args]);
    expect(err).toContain(says);
    expect(code).toBe(64);
  });
});

it('what is no export is a flaw, and said to be none', async () => {
  const file = join(cli.dir, 'photo.jpg');
  writeFileSync(file, 'x');
  const { code, out } = await cli.run(['audit', 'verify', '--file', file]);
  expect([code, out]).toEqual([1, expect.stringContaining(`unreadable: ${file} is no export of the trail`)]);
});

describe('audit export', () => {
  it('writes JSON lines to the standard output', async () => {
    const { code, out } = await cli.run(['audit', 'export']);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect([code, lines[0]]).toEqual([0, { chain: 'memory', keys: [key] }]);
    expect(lines.slice(1).map(({ entry }) => entry.seq)).toEqual([1, 2, 3]);
  });

  it('writes a file and says how to verify it', async () => {
    const file = join(cli.dir, 'trail.jsonl');
    const { seq, hash } = await lastHead();
    const { out } = await cli.run(['audit', 'export', '--out', file]);
    expect(out).toBe(
      `3 entries in ${file}. Verify it anywhere:\n  prod-access audit verify --file ${file} --key ${key}\nKeep this outside too, to find a cut: --head ${seq}:${hash}\n`,
    );
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(5);
    const json = await cli.run(['audit', 'export', '--out', file, '--json']);
    expect(JSON.parse(json.out)).toEqual({ file, entries: 3, key, head: { chain: 'memory', seq, hash } });
  });

  it('ends quietly where nobody reads any more', async () => {
    const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' });
    const stdout = { write: (_: string, done?: (error?: Error | null) => void) => done?.(gone) };
    expect(await cli.run(['audit', 'export'], { stdout })).toEqual({ code: 0, out: '', err: '' });
    expect(await cli.run(['audit', 'tail', '-f'], { stdout })).toEqual({ code: 0, out: '', err: '' });
  });

  it('leaves no half of a file behind', async () => {
    const dump = async function* (): AsyncGenerator<{ entry: string }> {
      yield { entry: '{}' };
      throw Object.assign(new Error('Redis went away'), { code: 'unavailable', retryable: true });
    };
    const file = join(cli.dir, 'half.jsonl');
    const { code, err } = await cli.run(
      ['audit', 'export', '--out', file],
      storeWith({ ledger: { ...cli.ledger, dump } }),
    );
    expect([code, err]).toEqual([69, 'Not available: Redis went away\n']);
    expect([existsSync(file), existsSync(`${file}.partial`)]).toEqual([false, false]);
    expect((await cli.run(['audit', 'export', '--out', '/nonexistent/x'])).code).toBe(69);
  });
});
