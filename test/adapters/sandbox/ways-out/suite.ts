/**
 * Nothing that is known to lead out of a sandbox does, as one of the host's calls and from a terminal. Each driver's test
 * file brings a sandbox, and the ways that only its own door could have.
 */
import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ProbeFinding } from '../../../../src/ports/sandboxes.ts';
import type { Terminal } from '../../../../src/ports/terminals.ts';
import { talkTo } from '../../../contract/terminals.ts';
import { waysOut } from '../ways-out.ts';
import { type Bait, type LaidBait, layBait } from './bait.ts';
import { verdictOf, type Way } from './way.ts';

/** A sandbox that stands, to break out of. */
export type Cell = AsyncDisposable & {
  /** Runs a bash script as one of the host's calls. */
  call(script: string): Promise<{ readonly stdout: string; readonly stderr: string }>;
  terminal(): Promise<Terminal>;
  probe(): Promise<readonly ProbeFinding[]>;
  readonly ownWays: readonly Way[];
  /** What the host's kernel says of each of its processes that runs or holds the sandbox; empty once it has ended. */
  onHost(): Promise<readonly string[]>;
  /** The probe of the sandbox that stands beside it. */
  probeOther(): Promise<readonly ProbeFinding[]>;
};

/** Where a driver's answers are other than those of a fence on the host's own kernel. */
export type Differences = {
  /**
   * By name, the ways that succeed inside, and why nothing outside is touched by it. Exactly these must: one that no
   * longer does is struck off.
   */
  readonly contained?: Readonly<Record<string, string>>;
  /** By name, a further error by which a way fails. It must occur. */
  readonly otherErrors?: Readonly<Record<string, string>>;
  /** By name, the ways that end the sandbox, all of it. */
  readonly ending?: Readonly<Record<string, string>>;
  /** Milliseconds for all ways of one kind. */
  readonly patienceMs?: number;
};

const shared = ['files', 'processes', 'kernel', 'network'];

export function waysOutHold(
  driver: string,
  standing: (bait: Bait) => Promise<Cell>,
  { contained = {}, otherErrors = {}, ending = {}, patienceMs = 60_000 }: Differences = {},
): void {
  const parts = new AsyncDisposableStack();
  let cell: Cell;
  let bait: LaidBait;
  let terminal: ReturnType<typeof talkTo>;
  let ways: readonly (Way & { kind: string })[];
  let last: readonly Way[];
  let atFirst: readonly string[];

  beforeAll(async () => {
    bait = parts.use(await layBait());
    cell = parts.use(await standing(bait));
    terminal = talkTo(await cell.terminal());
    // Lines go through as they are: no echo, no editing, no prompt.
    terminal.type('exec bash --norc --noediting\n');
    terminal.type("stty -echo; PS1='' PS2='' PROMPT_COMMAND=''; echo 'rea''dy'\n");
    await terminal.until(/ready\r\n/);
    const all = [...waysOut(bait), ...cell.ownWays.map((way) => ({ ...way, kind: driver }))];
    last = all.filter(({ name }) => Object.hasOwn(ending, name));
    ways = all.filter((way) => !last.includes(way));
    atFirst = await cell.onHost();
    // Images are made, and kernels start.
  }, 120_000);
  afterAll(() => parts.disposeAsync(), 60_000);

  /** What became of each of these ways, where it is not what was wanted. */
  async function others(
    some: readonly Way[],
    run: (way: Way) => Promise<string>,
    wanted: (way: Way) => 'held' | 'out',
    errors: Readonly<Record<string, string>> = otherErrors,
  ): Promise<readonly string[]> {
    const found: string[] = [];
    for (const way of some) {
      const other = Object.hasOwn(errors, way.name) ? errors[way.name] : undefined;
      const script = other === undefined ? way.script : `export OTHER_ERRORS=${other}\n${way.script}`;
      const said = await run({ ...way, script }).catch(String);
      // An error that does not occur any more is struck off the list as well.
      const verdict = other === undefined || said.includes(other) ? verdictOf(said) : 'not by that error';
      if (verdict !== wanted(way)) found.push(`${way.name}: ${verdict}: ${said.trim().slice(-300)}`);
    }
    return found;
  }
  const meant = ({ name }: Way): 'held' | 'out' => (Object.hasOwn(contained, name) ? 'out' : 'held');

  async function asCall({ script }: Way): Promise<string> {
    const { stdout, stderr } = await cell.call(script);
    return stdout === '' ? stderr : stdout;
  }

  let typed = 0;
  async function inTerminal({ script }: Way): Promise<string> {
    typed += 1;
    const lines = Buffer.from(script)
      .toString('base64')
      .replaceAll(/.{1,76}/g, '$&\n');
    const from = terminal.seen().length;
    terminal.type(`bash <(base64 -d <<'END'\n${lines}END\n)\nprintf 'end-%s-%s\\n' ${typed} $?\n`);
    await terminal.until(new RegExp(`end-${typed}-\\d+\\r\\n`));
    const said = terminal.seen().slice(from);
    return said.slice(0, said.lastIndexOf('end-'));
  }

  describe.each([...shared, driver])('%s', (kind) => {
    const ofKind = (): readonly Way[] => ways.filter((way) => way.kind === kind);

    test('hold against one of the calls', { timeout: patienceMs }, async () => {
      expect(ofKind().length).toBeGreaterThan(10);
      expect(await others(ofKind(), asCall, meant)).toEqual([]);
    });

    test('hold against a terminal', { timeout: patienceMs }, async () => {
      expect(await others(ofKind(), inTerminal, meant)).toEqual([]);
    });

    test('where there is no fence the same scripts get out', { timeout: 60_000 }, async () => {
      const controls = ofKind().filter((way) => way.unfenced !== undefined);
      expect(controls.length).toBeGreaterThan(0);
      expect(await others(controls, unfenced, () => 'out', {})).toEqual([]);
    });
  });

  test('each way has a name of its own, and what is contained is one of them', () => {
    const names = ways.map(({ name }) => name);
    expect(new Set(names).size).toBe(ways.length);
    const told = [...Object.keys(contained), ...Object.keys(otherErrors)];
    expect(told.filter((name) => !names.includes(name))).toEqual([]);
    expect(last.length).toBe(Object.keys(ending).length);
  });

  test('the host was not reached from inside, and the fence still stands', {
    timeout: patienceMs,
  }, async () => {
    const before = bait.reached();
    const reaching = ways.filter(({ name }) => /reach|connects/.test(name));
    expect(reaching.length).toBeGreaterThan(5);
    expect(await others(reaching, asCall, () => 'held')).toEqual([]);
    expect(bait.reached()).toBe(before);
    expect((await cell.probe()).filter(({ holds }) => !holds)).toEqual([]);
  });

  test('on the host its processes are what they were', async () => {
    expect(atFirst.length).toBeGreaterThan(0);
    expect(await cell.onHost()).toEqual(atFirst);
  });

  test('what ends the sandbox from inside ends all of it, and no other', async () => {
    for (const way of last) {
      await asCall(way).catch(String);
      await vi.waitFor(async () => expect(await cell.onHost()).toEqual([]), { timeout: 10_000 });
    }
    expect((await cell.probeOther()).filter(({ holds }) => !holds)).toEqual([]);
  });
}

function unfenced({ script, unfenced: who }: Way): Promise<string> {
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const [program = '', ...words] = [...(who === 'anyone' ? nobody : []), 'bash', '-c', script];
  return new Promise((resolve) => {
    execFile(program, words, { cwd: '/', timeout: 10_000 }, (_, stdout, stderr) =>
      resolve(stdout === '' ? stderr : stdout),
    );
  });
}
