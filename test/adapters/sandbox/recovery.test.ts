/** Whatever was killed, stopped or deleted: it is found again, ended, and nothing of it is left. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { labelsIn, readProcess } from '../../../src/adapters/sandbox/local/processes.ts';
import type { AccessId } from '../../../src/domain/ids.ts';
import { newAccess, specFor } from '../../contract/sandboxes.ts';
import { type LocalGround, localGround } from './local-ground.ts';
import { stubborn } from './stubborn.ts';

let ground: LocalGround;
let access: AccessId;
beforeEach(async () => {
  ground = await localGround();
  access = newAccess();
});
afterEach(async () => {
  await ground[Symbol.asyncDispose]();
});

const soon = { timeout: 5_000, interval: 10 };

function supervisor(): number {
  const pid = ground.state(access).supervisor;
  if (pid === undefined) throw new Error('no supervisor');
  return pid;
}

test('two openers in two processes at once: one sandbox', async () => {
  const words = [
    new URL('opener.ts', import.meta.url).pathname,
    JSON.stringify(ground.options),
    JSON.stringify(specFor(ground.install, access, Date.now() + 60_000)),
  ];
  const bots = [1, 2, 3].map(() => spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] }));
  const said = await Promise.all(bots.map(async (bot) => String((await once(bot.stdout, 'data'))[0])));
  expect(said).toEqual(['open\n', 'open\n', 'open\n']);
  for (const bot of bots) bot.kill('SIGKILL');
  expect(await ground.sandboxes.list()).toHaveLength(1);
  const fences = ground.processes(access).filter((pid) => readProcess(pid)?.argv[0]?.endsWith('bwrap'));
  expect(fences).toHaveLength(1);
});

test('the supervisor is killed: the sandbox and its files go with it', async () => {
  await ground.open(access);
  const { uid } = ground.state(access);
  await ground.bash(access, stubborn);
  process.kill(supervisor(), 'SIGKILL');
  await vi.waitFor(() => expect(ground.processes(access, uid)).toEqual([]), soon);
  expect(await ground.sandboxes.list()).toEqual([]);
  expect(existsSync(ground.place(access).dir)).toBe(false);
  expect(ground.sandboxes.endedBecause(access)).toBe('the supervisor died');
});

test('supervisor and watcher are killed: the kernel ends the sandbox, close clears up', async () => {
  await ground.open(access);
  const { uid } = ground.state(access);
  process.kill(-supervisor(), 'SIGKILL');
  await vi.waitFor(() => expect(ground.processes(access, uid)).toEqual([]), soon);
  expect(await ground.sandboxes.list()).toMatchObject([
    { labels: { access, requester: 'U0REQ' }, stands: false },
  ]);
  await expect(ground.sandboxes.probe(access)).rejects.toMatchObject({ code: 'gone' });
  await ground.sandboxes.close(access);
  expect(await ground.sandboxes.list()).toEqual([]);
});

test('after its end the same access is opened anew', async () => {
  await ground.open(access);
  const first = ground.state(access);
  process.kill(-supervisor(), 'SIGKILL');
  await vi.waitFor(() => expect(ground.processes(access, first.uid)).toEqual([]), soon);
  await ground.open(access);
  expect(ground.state(access).life).not.toBe(first.life);
  expect((await ground.sandboxes.probe(access)).every(({ holds }) => holds)).toBe(true);
});

test('the state directory is lost: still listed with its labels, and closed', async () => {
  await ground.open(access);
  const { uid } = ground.state(access);
  // Stopped, or it would take the lost deadline for passed and end it within a second.
  process.kill(supervisor(), 'SIGSTOP');
  rmSync(join(ground.options.dataDir, 'sandboxes'), { recursive: true });
  expect(await ground.sandboxes.list()).toMatchObject([
    { labels: { install: ground.install, access, requester: 'U0REQ', target: 'payments-db' }, deadline: 0 },
  ]);
  await ground.sandboxes.close(access);
  expect(ground.processes(access, uid)).toEqual([]);
});

test('the state directory is lost: the supervisor ends it by itself', async () => {
  await ground.open(access);
  const { uid } = ground.state(access);
  rmSync(ground.place(access).dir, { recursive: true });
  await vi.waitFor(() => expect(ground.processes(access, uid)).toEqual([]), soon);
  expect(await ground.sandboxes.list()).toEqual([]);
});

test('a half-opened leftover is listed, and opened anew', async () => {
  await ground.open(access);
  const { dir } = ground.place(access);
  writeFileSync(
    join(dir, 'state.json'),
    readFileSync(join(dir, 'state.json'), 'utf8').replace('"open"', '"opening"'),
  );
  const left = supervisor();
  expect(await ground.sandboxes.list()).toMatchObject([{ stands: false }]);
  await ground.open(access);
  expect(supervisor()).not.toBe(left);
  expect(labelsIn(readProcess(left)?.argv ?? [])).toBeUndefined();
});

test('an empty state directory is listed and closed', async () => {
  const { dir } = ground.place(access);
  mkdirSync(dir, { recursive: true });
  expect(await ground.sandboxes.list()).toMatchObject([{ labels: { access }, deadline: 0 }]);
  await ground.sandboxes.close(access);
  expect(existsSync(dir)).toBe(false);
});

test('close ends what ignores signals, what was stopped, and the supervisor that hangs', async () => {
  await ground.open(access);
  const { uid } = ground.state(access);
  await ground.bash(access, `${stubborn}; sleep 1000 & kill -STOP $!`);
  process.kill(supervisor(), 'SIGSTOP');
  await ground.sandboxes.close(access);
  expect(ground.processes(access, uid)).toEqual([]);
  expect(await ground.sandboxes.list()).toEqual([]);
});

test('another install on the same host sees and touches nothing', async () => {
  const other = await localGround();
  try {
    await ground.open(access);
    expect(await other.sandboxes.list()).toEqual([]);
    await other.sandboxes.close(access);
    expect((await ground.sandboxes.probe(access)).every(({ holds }) => holds)).toBe(true);
  } finally {
    await other[Symbol.asyncDispose]();
  }
});

test('what is not fenced is destroyed', async () => {
  // A bubblewrap that forgets the network.
  const forgetful = join(ground.options.dataDir, '..', 'forgetful');
  writeFileSync(
    forgetful,
    '#!/bin/bash\nname=$2\nshift 4\nexec /usr/bin/bwrap --hostname "$name" --args 8 --share-net "$@"\n',
    { mode: 0o755 },
  );
  const open = await localGround({ bwrapPath: forgetful });
  try {
    await expect(open.open(access)).rejects.toMatchObject({ code: 'not-fenced' });
    expect(await open.sandboxes.list()).toEqual([]);
  } finally {
    await open[Symbol.asyncDispose]();
    rmSync(forgetful);
  }
});

test('says what is missing, and what to do', async () => {
  const without = await localGround({ bwrapPath: '/nowhere/bwrap' });
  expect(await without.sandboxes.readiness()).toEqual({
    ready: false,
    problem: '/nowhere/bwrap is not there',
    remedy: 'install bubblewrap: apt-get install bubblewrap',
  });
  await without[Symbol.asyncDispose]();
});

test('without a writable cgroup: refused, or held by prlimit and said', async () => {
  const mountinfo = join(ground.options.dataDir, '..', 'mountinfo');
  writeFileSync(mountinfo, '');
  const strict = await localGround({ mountinfo });
  expect(await strict.sandboxes.readiness()).toMatchObject({
    ready: false,
    remedy: expect.stringContaining('best-effort'),
  });
  await expect(strict.open(access)).rejects.toMatchObject({ code: 'unavailable' });
  await strict[Symbol.asyncDispose]();
  const lenient = await localGround({ mountinfo, limits: 'best-effort' });
  expect(await lenient.sandboxes.readiness()).toEqual({ ready: true, limitsHeldBy: 'prlimit' });
  expect(await lenient.open(access)).toMatchObject({ limitsHeldBy: 'prlimit' });
  await lenient.bash(access, stubborn);
  const { uid } = lenient.state(access);
  await lenient.sandboxes.setDeadline(access, Date.now() + 100);
  await vi.waitFor(() => expect(lenient.processes(access, uid)).toEqual([]), soon);
  await lenient[Symbol.asyncDispose]();
});
