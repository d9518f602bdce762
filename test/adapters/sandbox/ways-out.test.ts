/** Nothing that is known to lead out of a sandbox does, as one of the host's calls and from a terminal. */
import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newAccess } from '../../contract/sandboxes.ts';
import { talkTo } from '../../contract/terminals.ts';
import { type LocalGround, localGround } from './local-ground.ts';
import { type LaidBait, layBait } from './ways-out/bait.ts';
import { localWays } from './ways-out/local.ts';
import { verdictOf, type Way } from './ways-out/way.ts';
import { waysOut } from './ways-out.ts';

const access = newAccess();
const other = newAccess();
const size = { cols: 80, rows: 24 };
let ground: LocalGround;
let bait: LaidBait;
let terminal: ReturnType<typeof talkTo>;
let ways: readonly (Way & { kind: string })[];

beforeAll(async () => {
  ground = await localGround();
  bait = await layBait();
  await Promise.all([access, other].map((one) => ground.open(one, 600_000)));
  terminal = talkTo(await ground.sandboxes.terminal(access, size));
  // Lines go through as they are: no echo, no editing, no prompt.
  terminal.type('exec bash --norc --noediting\n');
  terminal.type("stty -echo; PS1='' PS2='' PROMPT_COMMAND=''; echo 'rea''dy'\n");
  await terminal.until(/ready\r\n/);
  const place = ground.place(access);
  const local = localWays({ place, other: ground.place(other), keepers: ground.processes(access) });
  ways = [...waysOut(bait), ...local.map((way) => ({ ...way, kind: 'the local driver' }))];
});
afterAll(async () => {
  await bait[Symbol.asyncDispose]();
  await ground[Symbol.asyncDispose]();
});

/** What went wrong with each of these ways, one line each. */
async function failures(
  some: readonly Way[],
  run: (way: Way) => Promise<string>,
  wanted: 'held' | 'out' = 'held',
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const way of some) {
    const said = await run(way).catch(String);
    if (verdictOf(said) !== wanted) found.push(`${way.name}: ${verdictOf(said)}: ${said.trim().slice(-300)}`);
  }
  return found;
}

async function asCall({ script }: Way): Promise<string> {
  const { stdout, stderr } = await ground.bash(access, script, 10_000);
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

function unfenced({ script, unfenced: who }: Way): Promise<string> {
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const [program = '', ...words] = [...(who === 'anyone' ? nobody : []), 'bash', '-c', script];
  return new Promise((resolve) => {
    execFile(program, words, { cwd: '/', timeout: 10_000 }, (_, stdout, stderr) =>
      resolve(stdout === '' ? stderr : stdout),
    );
  });
}

const kinds = ['files', 'processes', 'kernel', 'network', 'the local driver'];

describe.each(kinds)('%s', (kind) => {
  const ofKind = (): readonly Way[] => ways.filter((way) => way.kind === kind);

  test('hold against one of the calls', { timeout: 60_000 }, async () => {
    expect(ofKind().length).toBeGreaterThan(10);
    expect(await failures(ofKind(), asCall)).toEqual([]);
  });

  test('hold against a terminal', { timeout: 60_000 }, async () => {
    expect(await failures(ofKind(), inTerminal)).toEqual([]);
  });

  test('where there is no fence the same scripts get out', { timeout: 60_000 }, async () => {
    const controls = ofKind().filter((way) => way.unfenced !== undefined);
    expect(controls.length).toBeGreaterThan(0);
    expect(await failures(controls, unfenced, 'out')).toEqual([]);
  });
});

test('each way has a name of its own', () => {
  expect(new Set(ways.map(({ name }) => name)).size).toBe(ways.length);
});

test('the host was not reached from inside, and the fence still stands', async () => {
  const before = bait.reached();
  const reaching = ways.filter(({ name }) => /reach|connects/.test(name));
  expect(reaching.length).toBeGreaterThan(5);
  await failures(reaching, asCall);
  expect(bait.reached()).toBe(before);
  expect((await ground.sandboxes.probe(access)).filter(({ holds }) => !holds)).toEqual([]);
});

test.each([
  ['', 'not tried'],
  ['bash: python3: command not found', 'not tried'],
  ['held: EPERM\nTraceback', 'not tried'],
  ['held: ', 'not tried'],
  ['not tried: EINVAL', 'not tried'],
  ['out: it gave 0\r\n', 'out'],
  ['some words\nheld: EPERM\n', 'held'],
])('what %j says is: %s', (said, verdict) => {
  expect(verdictOf(said)).toBe(verdict);
});
