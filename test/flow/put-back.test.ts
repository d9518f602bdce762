/** An older record put back gives nothing and keeps nothing: it is denied, alarmed of, and what stands is taken away. */
import { describe, expect, it } from 'vitest';
import type { AccessId } from '../../src/domain/ids.ts';
import { isRefused } from '../../src/domain/refusal.ts';
import { makeAttendance } from '../../src/flow/attendance.ts';
import { done, revoke } from '../../src/flow/end-early.ts';
import { keepBrokers } from '../../src/flow/keep-brokers.ts';
import { ownActive } from '../../src/flow/own-active.ts';
import { sweepLedger, sweepWorld } from '../../src/flow/sweep.ts';
import { takeAway } from '../../src/flow/take-away.ts';
import type { Stored } from '../../src/ports/ledger.ts';
import { makePolicy } from '../support/builders.ts';
import { type MemoryWorld, memoryWorld, refusalOf } from '../support/memory-world.ts';

const ana = { id: 'U0ANA', name: 'ana' };
const says = 'the trail is further on: it says access.ending';
const forever = new AbortController().signal;

async function active(world: MemoryWorld): Promise<Stored> {
  const id = await world.ask({ duration: '10m' });
  await world.vote(id, 'U0LEA');
  await world.vote(id, 'U0SEC');
  await world.live(1);
  return world.stored(id);
}

/** Ended by its requester, no timer kept, and the record of before put back. */
async function undone(world: MemoryWorld): Promise<AccessId> {
  const before = await active(world);
  const { id } = before.access.request;
  world.timers.mode = 'lost';
  await done(world.deps, { access: id, person: ana });
  world.ledger.putBack(before);
  return id;
}

async function standing(world: MemoryWorld): Promise<number> {
  return (await world.grants.list()).length + (await world.sandboxes.list()).length;
}

const alarms = async (world: MemoryWorld, id: AccessId) =>
  (await world.ledger.trail(0, 1_000))
    .map(({ entry }) => entry)
    .filter((entry) => entry.access === id && entry.action === 'alarm.raised')
    .map(({ details }) => details);

describe('an older record', () => {
  it('vends no credentials, keeps no terminal and no broker, opens none, and takes no further act', async () => {
    const world = memoryWorld(makePolicy());
    const attendance = makeAttendance(world.deps, forever);
    const brokers = keepBrokers(world.deps, attendance);
    const before = await active(world);
    const { id } = before.access.request;
    await brokers.keep(id);
    world.timers.mode = 'lost';
    await done(world.deps, { access: id, person: ana });
    world.ledger.putBack(before);

    expect(await attendance.now(id)).toBe('the record of this access is gone or was altered');
    await expect(world.brokers.opened[0]?.told.vend()).rejects.toThrow('no credentials');
    const own = await ownActive(world.deps, { access: id, person: ana });
    expect(isRefused(own) && own.refused).toMatchObject({ code: 'unproven' });
    await keepBrokers(world.deps, attendance).keep(id);
    expect(world.brokers.opened).toHaveLength(1);
    const by = { person: { id: 'U0LEA', name: 'lea' } };
    expect(refusalOf(await revoke(world.deps, { access: id, by })).code).toBe('unproven');
    expect(await alarms(world, id)).toEqual([{ what: 'an access does not verify', why: says }]);
  });

  it('is ended by the next sweep, and the ledger says so', async () => {
    const world = memoryWorld();
    const id = await undone(world);
    await sweepLedger(world.deps, new Map());
    expect(await standing(world)).toBe(0);
    expect((await world.stored(id)).access).toMatchObject({
      state: 'failed',
      why: `its record does not verify: ${says}`,
    });
    expect(await alarms(world, id)).toHaveLength(1);
  });

  it('is ended by a sweep of the world, though the index does not name it', async () => {
    const world = memoryWorld();
    const id = await undone(world);
    world.ledger.hide(id);
    await sweepWorld(world.deps);
    expect(await standing(world)).toBe(0);
  });

  it('loses what stands though it is put back each time that it was ended', async () => {
    const world = memoryWorld();
    const id = await undone(world);
    const read = await world.ledger.read(id);
    if (typeof read === 'string' || !('outdated' in read)) throw new Error('not outdated');
    const { outdated } = read;
    const commit: typeof world.ledger.commit = async (change, entries) => {
      const committed = await world.ledger.commit(change, entries);
      world.ledger.putBack(outdated);
      return committed;
    };
    await takeAway({ ...world.deps, ledger: { ...world.ledger, commit } }, id, forever);
    expect(await standing(world)).toBe(0);
    await sweepLedger(world.deps, new Map());
    expect((await world.stored(id)).access.state).toBe('failed');
  });

  it('from before the approval is rejected, and what stands by then goes too', async () => {
    const world = memoryWorld();
    const id = await world.ask({ duration: '10m' });
    const waiting = await world.stored(id);
    await world.vote(id, 'U0LEA');
    await world.vote(id, 'U0SEC');
    await world.live(1);
    world.ledger.putBack(waiting);
    await sweepLedger(world.deps, new Map());
    expect((await world.stored(id)).access.state).toBe('rejected');
    expect(await standing(world)).toBe(0);
  });
});

describe('an access that was ended', () => {
  it.each([
    ['taken out', (world: MemoryWorld, id: AccessId) => world.ledger.takeOut(id)],
    ['forged', (world: MemoryWorld, id: AccessId) => world.ledger.forge(id)],
  ])('is taken away at once though its record is %s, for the trail says so', async (_, harm) => {
    const world = memoryWorld();
    const { id } = (await active(world)).access.request;
    world.timers.mode = 'lost';
    await done(world.deps, { access: id, person: ana });
    harm(world, id);
    await sweepWorld(world.deps);
    expect(await standing(world)).toBe(0);
    expect(await world.told(id)).toContain('sweep.repaired');
  });

  it('is taken away though the index does not name it and its timer was lost', async () => {
    const world = memoryWorld();
    const { id } = (await active(world)).access.request;
    world.timers.mode = 'lost';
    await done(world.deps, { access: id, person: ana });
    world.ledger.hide(id);
    world.tick(5_000);
    await sweepWorld(world.deps);
    expect((await world.stored(id)).access.state).toBe('revoked');
    expect(await standing(world)).toBe(0);
  });

  it('so is one whose end has come', async () => {
    const world = memoryWorld();
    const { id } = (await active(world)).access.request;
    world.timers.mode = 'lost';
    world.ledger.hide(id);
    world.tick(10 * 60_000 + 5_000);
    await sweepWorld(world.deps);
    expect((await world.stored(id)).access.state).toBe('revoked');
  });
});
