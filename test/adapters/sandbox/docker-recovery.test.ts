/** Whatever was killed, restarted or deleted: a container ends in time, is found again, and nothing of it is left. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readProcess } from '../../../src/adapters/sandbox/local/processes.ts';
import type { AccessId } from '../../../src/domain/ids.ts';
import { newAccess } from '../../contract/sandboxes.ts';
import { testEngine } from './docker-engine.ts';
import { type DockerGround, dockerGround, engineOfFile } from './docker-ground.ts';
import { importImage } from './docker-image.ts';
import { stubborn } from './stubborn.ts';

const host = engineOfFile();
let ground: DockerGround;
let access: AccessId;
const bots: ChildProcess[] = [];
beforeEach(async () => {
  ground = await host.ground();
  access = newAccess();
});
afterEach(async () => {
  for (const bot of bots.splice(0)) bot.kill('SIGKILL');
  await ground[Symbol.asyncDispose]();
});

const soon = { timeout: 8_000, interval: 10 };

function supervisor(): number {
  const pid = ground.state(access).supervisor;
  if (pid === undefined) throw new Error('no supervisor');
  return pid;
}

async function containers(): Promise<readonly string[]> {
  const found = await host.engine.docker.listContainers({ all: true });
  return found.filter(({ Labels }) => Labels['prod-access:access'] === access).map(({ Id }) => Id);
}

/** Waits until no process is left, and tells how late that was. */
async function lateness(uid: number, deadline: number): Promise<number> {
  await vi.waitFor(() => expect(ground.processes(access, uid)).toEqual([]), soon);
  return Date.now() - deadline;
}

async function openElsewhere(deadline: number, typed = ''): Promise<ChildProcess> {
  const words = [
    new URL('docker-opener.ts', import.meta.url).pathname,
    JSON.stringify(ground.options),
    JSON.stringify(ground.spec(access, { deadline })),
    typed,
  ];
  const bot = spawn(process.execPath, words, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  bots.push(bot);
  const [said] = await once(bot.stdout, 'data');
  expect(String(said)).toBe('open\n');
  return bot;
}

async function killed(bot: ChildProcess, group: boolean): Promise<void> {
  if (bot.pid === undefined) throw new Error('no bot');
  const ended = once(bot, 'exit');
  process.kill(group ? -bot.pid : bot.pid, 'SIGKILL');
  await ended;
}

describe('the bot', () => {
  test('three at once open one container', async () => {
    await Promise.all([1, 2, 3].map(() => openElsewhere(Date.now() + 60_000)));
    expect(await containers()).toHaveLength(1);
    expect(await ground.sandboxes.list()).toHaveLength(1);
  });

  test('is killed with its whole process group: the sandbox stands, and ends in time', async () => {
    const bot = await openElsewhere(Date.now() + 60_000);
    await killed(bot, true);
    const { uid } = ground.state(access);
    expect((await ground.sandboxes.probe(access)).filter(({ holds }) => !holds)).toEqual([]);
    await ground.bash(access, stubborn);
    const deadline = Date.now() + 500;
    await ground.sandboxes.setDeadline(access, deadline);
    const late = await lateness(uid, deadline);
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(1_500);
    expect(await containers()).toEqual([]);
    expect(ground.sandboxes.endedBecause(access)).toBe('the deadline passed');
  });

  test('is killed: what ran in its terminals is hung up', async () => {
    const bot = await openElsewhere(Date.now() + 60_000, 'exec sleep 4242\n');
    const { uid } = ground.state(access);
    const sleepers = (): number[] =>
      ground.processes(access, uid).filter((pid) => readProcess(pid)?.argv.join(' ') === 'sleep 4242');
    await vi.waitFor(() => expect(sleepers()).toHaveLength(1), soon);
    await killed(bot, false);
    await vi.waitFor(() => expect(sleepers()).toEqual([]), soon);
    expect((await ground.sandboxes.probe(access)).every(({ holds }) => holds)).toBe(true);
  });
});

describe('the supervisor', () => {
  test('is killed: its watcher takes the container away', async () => {
    await ground.open(access);
    const { uid } = ground.state(access);
    await ground.bash(access, stubborn);
    process.kill(supervisor(), 'SIGKILL');
    await lateness(uid, 0);
    expect(await ground.sandboxes.list()).toEqual([]);
    expect(ground.sandboxes.endedBecause(access)).toBe('the supervisor died');
  });

  test('is killed with its watcher: the container ends by itself, is listed, and opened anew', async () => {
    await ground.open(access);
    const { uid, life } = ground.state(access);
    await ground.bash(access, stubborn);
    process.kill(-supervisor(), 'SIGKILL');
    await lateness(uid, 0);
    expect(await ground.sandboxes.list()).toMatchObject([
      { labels: { access, requester: 'U0REQ' }, stands: false },
    ]);
    await expect(ground.sandboxes.probe(access)).rejects.toMatchObject({ code: 'gone' });
    await ground.open(access);
    expect(ground.state(access).life).not.toBe(life);
    expect(await containers()).toHaveLength(1);
  });

  test('hangs: close ends all of it', async () => {
    await ground.open(access);
    const { uid } = ground.state(access);
    await ground.bash(access, stubborn);
    process.kill(supervisor(), 'SIGSTOP');
    await ground.sandboxes.close(access);
    expect(ground.processes(access, uid)).toEqual([]);
    expect(await containers()).toEqual([]);
  });

  test.each([
    ['no number', 'soon\n'],
    ['not there', undefined],
  ])('takes a deadline that is %s for passed', async (_, text) => {
    await ground.open(access);
    const { uid } = ground.state(access);
    const file = join(ground.place(access).dir, 'deadline');
    if (text === undefined) rmSync(file);
    else writeFileSync(file, text);
    await lateness(uid, 0);
    expect(await containers()).toEqual([]);
    expect(ground.sandboxes.endedBecause(access)).toBe('the deadline could not be read');
  });

  test('ends its container when the state directory is lost', async () => {
    await ground.open(access);
    const { uid } = ground.state(access);
    rmSync(ground.place(access).dir, { recursive: true });
    await lateness(uid, 0);
    expect(await containers()).toEqual([]);
  });
});

describe('the engine', () => {
  test('is down at the deadline: the inside is dead in time, the container removed when it is back', async () => {
    const { deadline } = await ground.open(access, 1_500);
    const { uid } = ground.state(access);
    await ground.bash(access, stubborn);
    await host.engine.end('SIGKILL');
    const alive = (): readonly number[] =>
      ground.processes(access, uid).filter((pid) => readProcess(pid)?.uid === uid);
    expect(alive().length).toBeGreaterThan(1);
    await vi.waitFor(() => expect(alive()).toEqual([]), soon);
    expect(Date.now() - deadline).toBeLessThan(1_000);
    await host.engine.start();
    await lateness(uid, 0);
    expect(await containers()).toEqual([]);
    expect(existsSync(ground.place(access).dir)).toBe(false);
  });

  test('is down: what needs it says so, and can be tried again', async () => {
    await ground.open(access);
    await host.engine.end('SIGKILL');
    const down = { name: 'SandboxFault', retryable: true };
    const other = newAccess();
    await expect(ground.open(other)).rejects.toMatchObject(down);
    expect(existsSync(ground.place(other).dir)).toBe(false);
    await expect(ground.sandboxes.list()).rejects.toMatchObject(down);
    await expect(ground.sandboxes.terminal(access, { cols: 80, rows: 24 })).rejects.toMatchObject(down);
    await expect(ground.sandboxes.close(access)).rejects.toMatchObject(down);
    expect(await ground.sandboxes.readiness()).toMatchObject({
      ready: false,
      problem: `no container engine answers at ${host.engine.socketPath}`,
      away: true,
    });
    await host.engine.start();
    await vi.waitFor(() => ground.sandboxes.close(access), soon);
    expect(await containers()).toEqual([]);
  });

  test('is restarted: sandboxes end with it, and are opened anew', async () => {
    await ground.open(access);
    const { uid } = ground.state(access);
    await host.engine.end('SIGTERM');
    await host.engine.start();
    await lateness(uid, 0);
    expect(await ground.sandboxes.list()).toEqual([]);
    await ground.open(access);
    expect((await ground.sandboxes.probe(access)).every(({ holds }) => holds)).toBe(true);
  });
});

test('an engine with live-restore is restarted: sandboxes stand, and end in time', async () => {
  await using lasting = await testEngine({ 'live-restore': true });
  await using own = await dockerGround(lasting, await importImage(lasting.docker));
  const { deadline } = await own.open(access, 30_000);
  const { uid } = own.state(access);
  await lasting.end('SIGTERM');
  expect(own.processes(access, uid).length).toBeGreaterThan(2);
  await lasting.start();
  expect((await own.sandboxes.probe(access)).filter(({ holds }) => !holds)).toEqual([]);
  const later = Date.now() + 500;
  expect(later).toBeLessThan(deadline);
  await own.sandboxes.setDeadline(access, later);
  await vi.waitFor(() => expect(own.processes(access, uid)).toEqual([]), soon);
  expect(await own.sandboxes.list()).toEqual([]);
});

describe('a half-made container', () => {
  const halfMade = (name: string) =>
    host.engine.docker.createContainer({
      name,
      Image: host.image,
      Cmd: ['sleep', '1000'],
      Labels: { 'prod-access:install': ground.install, 'prod-access:access': access },
      HostConfig: { NetworkMode: 'none' },
    });

  test('is listed, and closed, whatever its name', async () => {
    await halfMade('another-name');
    expect(await ground.sandboxes.list()).toMatchObject([{ labels: { access }, deadline: 0, checks: 0 }]);
    await ground.sandboxes.close(access);
    expect(await containers()).toEqual([]);
  });

  test('makes room for a whole one', async () => {
    await (await halfMade(`prod-access-${ground.install}-${access}`)).start();
    await ground.open(access);
    expect(await containers()).toHaveLength(1);
    expect((await ground.sandboxes.probe(access)).every(({ holds }) => holds)).toBe(true);
  });

  test('of another install is neither seen nor touched', async () => {
    const other = await host.ground();
    await ground.open(access);
    expect(await other.sandboxes.list()).toEqual([]);
    await other.sandboxes.close(access);
    await other[Symbol.asyncDispose]();
    expect((await ground.sandboxes.probe(access)).every(({ holds }) => holds)).toBe(true);
  });
});
