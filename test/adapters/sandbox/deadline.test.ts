/** The deadline belongs to the supervisor: whatever becomes of the bot, of the file and of those inside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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

/** Waits for the end of every process and tells how late it came. */
async function lateness(uid: number, deadline: number): Promise<number> {
  await vi.waitFor(() => expect(ground.processes(access, uid)).toEqual([]), { timeout: 8_000, interval: 10 });
  const late = Date.now() - deadline;
  expect(await ground.sandboxes.list()).toEqual([]);
  return late;
}

describe('the bot is killed', () => {
  async function openElsewhere(deadline: number, viaShell: boolean): Promise<ChildProcess> {
    const words = [
      process.execPath,
      new URL('opener.ts', import.meta.url).pathname,
      JSON.stringify(ground.options),
      JSON.stringify(specFor(ground.install, access, deadline)),
    ];
    const [program = '', ...rest] = viaShell ? ['/bin/sh', '-c', '"$@"; :', 'sh', ...words] : words;
    const bot = spawn(program, rest, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await once(bot.stdout, 'data');
    expect(String(said)).toBe('open\n');
    return bot;
  }

  test.each([
    ['alone', false],
    ['with its whole process group', false],
    ['with its whole process group, under a shell', true],
  ])('%s: the sandbox stands, and ends in time', async (how, viaShell) => {
    const deadline = Date.now() + 2_500;
    const bot = await openElsewhere(deadline, viaShell);
    if (bot.pid === undefined) throw new Error('no bot');
    process.kill(how === 'alone' ? bot.pid : -bot.pid, 'SIGKILL');
    await once(bot, 'exit');
    const { uid } = ground.state(access);
    expect((await ground.sandboxes.probe(access)).filter(({ holds }) => !holds)).toEqual([]);
    expect(await lateness(uid, deadline)).toBeLessThan(1_000);
    expect(ground.sandboxes.endedBecause(access)).toBe('the deadline passed');
  });
});

test('a supervisor that is told to end takes its sandbox along, at whatever moment', async () => {
  await ground.open(access);
  const { uid, supervisor } = ground.state(access);
  if (supervisor === undefined) throw new Error('no supervisor');
  const from = Date.now();
  process.kill(supervisor, 'SIGTERM');
  expect(await lateness(uid, from)).toBeLessThan(1_000);
  expect(ground.sandboxes.endedBecause(access)).toBe('the supervisor was told to end');
});

describe('the deadline', () => {
  test('kills a daemonised child that ignores signals', async () => {
    const { deadline } = await ground.open(access, 1_200);
    await ground.bash(access, stubborn);
    const { uid } = ground.state(access);
    const late = await lateness(uid, deadline);
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(1_000);
  });

  test('moved later and then earlier', async () => {
    await ground.open(access, 700);
    const { uid } = ground.state(access);
    await ground.sandboxes.setDeadline(access, Date.now() + 60_000);
    await expect(ground.bash(access, 'sleep 1; echo here')).resolves.toMatchObject({ stdout: 'here\n' });
    const deadline = Date.now() + 150;
    await ground.sandboxes.setDeadline(access, deadline);
    expect(await lateness(uid, deadline)).toBeLessThan(1_000);
  });

  test.each([
    ['empty', ''],
    ['no number', 'soon\n'],
    ['negative', '-1\n'],
    ['a fraction', '1e15\n'],
    ['too long', '9999999999999999\n'],
    ['without an end of line', `${Date.now() + 60_000}`],
    ['not there', undefined],
  ])('a file that is %s counts as passed', async (_, text) => {
    await ground.open(access);
    const { uid } = ground.state(access);
    const from = Date.now();
    const file = join(ground.place(access).dir, 'deadline');
    if (text === undefined) rmSync(file);
    else writeFileSync(file, text);
    expect(await lateness(uid, from)).toBeLessThan(2_500);
    expect(ground.sandboxes.endedBecause(access)).toBe('the deadline could not be read');
  });

  test('passed before the start: nothing is started', async () => {
    // The driver believes that there is time; the supervisor has the host's clock.
    const late = await localGround({ clock: () => 0 });
    try {
      await expect(late.sandboxes.open(specFor(late.install, access, 1_000))).rejects.toMatchObject({
        name: 'SandboxFault',
        message: expect.stringContaining('the deadline passed before the start'),
      });
    } finally {
      await late[Symbol.asyncDispose]();
    }
  });
});
