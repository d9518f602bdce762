/** A lease that somebody else holds spares work for a while; it holds nothing off for ever, and not in silence. */
import { describe, expect, it } from 'vitest';
import type { AccessId } from '../../src/domain/ids.ts';
import { done } from '../../src/flow/end-early.ts';
import { runEffect } from '../../src/flow/run-effect.ts';
import { sweepWorld } from '../../src/flow/sweep.ts';
import { type MemoryWorld, memoryWorld } from '../support/memory-world.ts';

const ana = { id: 'U0ANA', name: 'ana' };

/** Held by somebody who is not this process. */
function hold(world: MemoryWorld, name: string): void {
  const { during } = world.deps.leases;
  world.deps.leases.during = (asked, work) =>
    asked === name ? Promise.resolve(undefined) : during(asked, work);
}

async function approved(world: MemoryWorld): Promise<AccessId> {
  const id = await world.ask({ duration: '10m' });
  await world.vote(id, 'U0LEA');
  await world.vote(id, 'U0SEC');
  return id;
}

const alarms = async (world: MemoryWorld, id: AccessId): Promise<readonly unknown[]> =>
  (await world.ledger.trail(0, 1_000))
    .filter(({ entry }) => entry.access === id && entry.action === 'alarm.raised')
    .map(({ entry }) => entry.details.why);

describe('while somebody else holds the lease of an access', () => {
  it('what is to be taken away waits ten seconds, then goes, with one alarm', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    await world.live(1);
    hold(world, `access:${id}`);
    world.timers.mode = 'lost';
    await done(world.deps, { access: id, person: ana });
    for (let second = 0; second < 10; second += 1) {
      expect(await runEffect(world.deps, 'revoke', id)).toBe('busy');
      world.tick(1_000);
    }
    expect(await alarms(world, id)).toEqual([]);
    expect(await runEffect(world.deps, 'revoke', id)).toBe('done');
    expect((await world.stored(id)).access.state).toBe('revoked');
    expect(await world.grants.list()).toEqual([]);
    expect(await world.sandboxes.list()).toEqual([]);
    await runEffect(world.deps, 'revoke', id);
    expect(await alarms(world, id)).toEqual([`access:${id} was held for 10 s; it is done without`]);
  });

  it('the sweep of the world takes away what stands of an access that is over', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    await world.live(1);
    const [grant] = await world.grants.list();
    await done(world.deps, { access: id, person: ana });
    await world.runDue();
    const { aws } = world.deps.policy.current().targets['payments-db']?.grant ?? {};
    if (grant === undefined || aws === undefined) throw new Error('no grant');
    await world.grants.issue({ ...grant, aws: { ...aws, policy: {} } });
    hold(world, `access:${id}`);
    await sweepWorld(world.deps);
    world.tick(60_000);
    await sweepWorld(world.deps);
    expect(await world.grants.list()).toEqual([]);
  });

  it('it lapses and is warned of all the same', async () => {
    const world = memoryWorld();
    const [waiting, id] = [await world.ask(), await approved(world)];
    await world.live(1);
    world.deps.leases.during = () => Promise.resolve(undefined);
    world.tick(9 * 60_000);
    expect(await runEffect(world.deps, 'warn', id)).toBe('done');
    expect(await world.told(id)).toContain('access.warned');
    world.tick(8 * 3_600_000);
    expect(await runEffect(world.deps, 'lapse', waiting)).toBe('done');
    expect((await world.stored(waiting)).access.state).toBe('lapsed');
  });

  it('it is not opened, which an alarm says, and given up when its time is over', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    hold(world, `access:${id}`);
    await world.liveBySweep(70);
    expect((await world.stored(id)).access.state).toBe('approved');
    expect(await alarms(world, id)).toEqual([`access:${id} was held for 60 s`]);
    await world.liveBySweep(10 * 60);
    expect((await world.stored(id)).access).toMatchObject({
      state: 'failed',
      why: 'it could not be opened in time',
    });
  });
});

describe('no alarm', () => {
  it('is raised where this process itself is at it for long, and it does not do it twice', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    await world.live(1);
    const hang = Promise.withResolvers<void>();
    const { revoke } = world.grants;
    let calls = 0;
    world.deps.grants.revoke = async (access) => {
      calls += 1;
      await hang.promise;
      await revoke(access);
    };
    world.timers.mode = 'lost';
    await done(world.deps, { access: id, person: ana });
    const first = runEffect(world.deps, 'revoke', id);
    for (let second = 0; second < 60; second += 1) {
      expect(await runEffect(world.deps, 'revoke', id)).toBe('busy');
      world.tick(1_000);
    }
    hang.resolve();
    expect(await first).toBe('done');
    expect(calls).toBe(1);
    expect(await alarms(world, id)).toEqual([]);
  });

  it('is raised for two short waits far apart', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    await world.live(1);
    const { during } = world.deps.leases;
    hold(world, `access:${id}`);
    expect(await runEffect(world.deps, 'revoke', id)).toBe('busy');
    world.tick(5 * 60_000);
    expect(await runEffect(world.deps, 'revoke', id)).toBe('busy');
    world.deps.leases.during = during;
    expect(await runEffect(world.deps, 'revoke', id)).toBe('done');
    expect(await alarms(world, id)).toEqual([]);
  });
});
