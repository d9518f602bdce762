/** The lock of an access: one at a time within a process and among processes, and none outlives its holder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lock } from '../../../src/adapters/sandbox/local/lock.ts';

let dir: string;
let file: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'prod-access-'));
  file = join(dir, 'acc');
});
afterEach(async () => {
  for (const child of started.splice(0)) await end(child);
  rmSync(dir, { recursive: true });
});

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function takenElsewhere(): Promise<ChildProcess> {
  const taker = new URL('lock-taker.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [taker, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  expect(String((await once(child.stdout, 'data'))[0])).toBe('taken\n');
  return child;
}

test('twenty at once in one process: never two, and nothing is left but what the process keeps', async () => {
  let inside = 0;
  const most: number[] = [];
  const turn = async (): Promise<void> => {
    using _held = await lock(file);
    inside += 1;
    most.push(inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 20 }, turn));
  expect(Math.max(...most)).toBe(1);
  expect(most).toHaveLength(20);
  expect(readdirSync(dir).filter((name) => !name.startsWith('.'))).toEqual([]);
});

test('a living process keeps it; a killed one loses it at once', async () => {
  const holder = await takenElsewhere();
  let got = false;
  const waiting = lock(file).then((held) => {
    got = true;
    return held;
  });
  // Longer than it takes to ask whether the holder lives, more than once.
  await new Promise((resolve) => setTimeout(resolve, 2_300));
  expect(got).toBe(false);
  await end(holder);
  using _held = await waiting;
  expect(existsSync(file)).toBe(true);
});

test('two that find the same dead holder: one after the other', async () => {
  await end(await takenElsewhere());
  const first = await takenElsewhere();
  let got = false;
  const second = lock(file).then((held) => {
    got = true;
    return held;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(got).toBe(false);
  await end(first);
  (await second)[Symbol.dispose]();
});

test('what the dead have left goes when the next process begins', async () => {
  await end(await takenElsewhere());
  expect(readdirSync(dir)).toHaveLength(2);
  using _held = await lock(file);
  expect(readdirSync(dir)).toHaveLength(2);
});

test('a file of the former kind, held by nobody, is no lock', async () => {
  writeFileSync(file, '');
  using _held = await lock(file);
});

test('the directory was lost and made anew: locks are taken in the new one', async () => {
  (await lock(file))[Symbol.dispose]();
  rmSync(dir, { recursive: true });
  mkdirSync(dir);
  using _held = await lock(file);
  expect(existsSync(file)).toBe(true);
});
