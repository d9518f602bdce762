/**
 * Containers, when the bot, the engine, the supervisor or the container itself is gone: an access ends on time all the
 * same, or goes on, in its sandbox or in a new one with its ways out. Later tests go on where earlier ones ended.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { supervisorMark } from '../../src/adapters/sandbox/docker/machine.ts';
import { allProcesses, labelledProcesses, startOf } from '../../src/adapters/sandbox/local/processes.ts';
import { prodAccess } from '../support/command-line.ts';
import {
  type ContainerGround,
  callForward,
  containerGround,
  forwardAnswers,
  terminalOf,
} from '../support/container-world.ts';
import { activeAccess, of } from '../support/wiki-life.ts';
import type { Bot, World } from '../support/world.ts';

const parts = new AsyncDisposableStack();
let ground: ContainerGround;
let world: World;
let bot: Bot;
/** Is active through all of this. */
let lasting: string;
let lastingSince: number;
beforeAll(async () => {
  ground = parts.use(await containerGround());
  world = parts.use(await ground.openWorld());
  bot = await world.startBot();
  lasting = await activeAccess(world, '10m');
  lastingSince = Date.now();
}, 60_000);
afterAll(() => parts.disposeAsync());

/** The forward and the credentials, from a new terminal. */
async function worksInside(access: string): Promise<void> {
  const { terminal } = await terminalOf(world, bot, access);
  terminal.type(callForward);
  await terminal.until(forwardAnswers);
  terminal.type('exit\n');
  await terminal.untilNews('over');
}

describe('the bot', () => {
  it('is killed: a container is gone by its end, another stands, and is taken over by the next bot', async () => {
    const short = await activeAccess(world, '9s');
    const { terminal } = await terminalOf(world, bot, short);
    const { endsAt } = (await terminal.untilNews('session')) as { endsAt: number };
    terminal.type("trap '' HUP INT TERM; while :; do echo busy; sleep 0.05; done\n");
    await terminal.until(/busy\r\nbusy/);
    const before = await ground.container(lasting);
    expect(before).toBeDefined();
    await bot.kill();
    expect(Date.now()).toBeLessThan(endsAt);
    const late = (await ground.gone(short)) - endsAt;
    process.stdout.write(`the bot dead, a container was gone ${late} ms after its end\n`);
    expect(late).toBeGreaterThan(-50);
    expect(late).toBeLessThan(1_000);

    bot = await world.startBot();
    await worksInside(lasting);
    expect((await ground.container(lasting))?.Id).toBe(before?.Id);
    await world.untilEntry(of(short, 'access.revoked'), 40_000);
    await world.untilEntry(of(short, 'session.ended'));
  }, 90_000);
});

/** Repairs of an access's sandbox that are on the record. */
async function repairs(access: string): Promise<number> {
  return (await world.entries()).filter(of(access, 'sweep.repaired')).length;
}

/** The access, whose container is lost, gets a new one from the next sweep, with one entry, and its ways out. */
async function isReplaced(access: string, lost: string, told: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const left = await ground.container(access);
      expect(left?.Id === lost && left.State.Running).toBe(false);
    },
    { timeout: 10_000, interval: 20 },
  );
  // What became active a moment ago is not taken for missing.
  await wait(Math.max(0, lastingSince + 30_000 - Date.now()));
  expect(await prodAccess(world, 'sweep')).toMatchObject({ code: 0 });
  expect(await repairs(access)).toBe(told + 1);
  expect((await world.entries()).findLast(of(access, 'sweep.repaired'))?.details).toEqual({
    what: 'sandbox',
    driver: 'docker',
  });
  const found = await ground.container(access);
  expect(found).toMatchObject({ State: { Running: true }, Config: { Image: ground.wikiImage } });
  expect(found?.Id).not.toBe(lost);
  await worksInside(access);
}

describe('the engine', () => {
  it('is down at an end: all inside is dead in time, a bot that starts meanwhile revokes, and the rest is made good', async () => {
    const lost = (await ground.container(lasting))?.Id ?? '';
    const short = await activeAccess(world, '5s');
    const { Pid: init } = (await ground.container(short))?.State ?? { Pid: 0 };
    const { details } = await world.untilEntry(of(short, 'access.active'));
    const endsAt = Date.parse(String(details.ends_at));
    expect(startOf(init)).toBeDefined();
    await ground.engine.end('SIGKILL');
    expect(Date.now()).toBeLessThan(endsAt);
    while (startOf(init) !== undefined) await wait(5);
    const dead = Date.now() - endsAt;
    expect(dead).toBeGreaterThan(-50);
    expect(dead).toBeLessThan(1_000);
    await bot.kill();
    bot = await world.startBot();
    await world.untilEntry(of(short, 'grant.revoked'), 30_000);
    expect(world.aws.roles().map(({ name }) => name)).toEqual([lasting]);
    const alarm = await world.untilEntry(of(short, 'alarm.raised'), 30_000);
    expect(JSON.stringify(alarm.details)).toContain('the container engine');
    expect((await world.entries()).some(of(short, 'access.revoked'))).toBe(false);

    await ground.engine.start();
    const back = Date.now();
    const gone = (await ground.gone(short)) - back;
    await world.untilEntry(of(short, 'access.revoked'), 30_000);
    process.stdout.write(
      `the engine down, all inside was dead ${dead} ms after the end; the engine back, the container was gone in ${gone} ms\n`,
    );
    await world.untilEntry(of(short, 'alarm.cleared'));
    // An engine without live-restore ends what it finds running.
    await isReplaced(lasting, lost, 0);
  }, 120_000);
});

describe('a container', () => {
  it('is removed by hand: its terminal ends, and the access gets a new one', async () => {
    const told = await repairs(lasting);
    const { terminal } = await terminalOf(world, bot, lasting);
    const lost = (await ground.container(lasting))?.Id ?? '';
    await ground.engine.docker.getContainer(lost).remove({ force: true });
    await terminal.untilNews('over');
    await isReplaced(lasting, lost, told);
  }, 60_000);

  it('dies with its supervisor and watcher: the access gets a new one', async () => {
    const told = await repairs(lasting);
    const lost = (await ground.container(lasting))?.Id ?? '';
    for (const { pid, labels } of labelledProcesses(world.install, allProcesses(), supervisorMark))
      if (labels.access === lasting) process.kill(pid, 'SIGKILL');
    await isReplaced(lasting, lost, told);
  }, 60_000);
});

describe('through all of this', () => {
  it('the trail verifies', async () => {
    expect(await bot.stop()).toBe(0);
    expect(await prodAccess(world, 'audit', 'verify')).toMatchObject({ code: 0 });
  }, 60_000);
});
