/** The sweep alone brings everything to its end, and what stands in the world to what the ledger says. */
import { describe, expect, it } from 'vitest';
import type { AccessId } from '../../src/domain/ids.ts';
import { done } from '../../src/flow/end-early.ts';
import { pauseAfter } from '../../src/flow/run-effect.ts';
import { sweepLedger, sweepWorld } from '../../src/flow/sweep.ts';
import { GrantFault } from '../../src/ports/grants.ts';
import { SandboxFault } from '../../src/ports/sandboxes.ts';
import { makePolicy, newId } from '../support/builders.ts';
import { type MemoryWorld, memoryWorld } from '../support/memory-world.ts';
import { activeAccess } from '../support/session-world.ts';

const ana = { id: 'U0ANA', name: 'ana' };

const active = (world: MemoryWorld, duration = '10m'): Promise<AccessId> => activeAccess(world, duration);

async function stands(
  world: MemoryWorld,
): Promise<{ grants: readonly AccessId[]; sandboxes: readonly AccessId[] }> {
  return {
    grants: (await world.grants.list()).map(({ access }) => access),
    sandboxes: (await world.sandboxes.list()).map(({ labels }) => labels.access),
  };
}

async function repairs(world: MemoryWorld, id: AccessId): Promise<readonly unknown[]> {
  const trail = await world.ledger.trail(0, 1_000);
  return trail
    .filter(({ entry }) => entry.access === id && entry.action === 'sweep.repaired')
    .map(({ entry }) => entry.details);
}

describe.each(['lost', 'down'] as const)('without any timer (the queue is %s)', (mode) => {
  const begin = async (duration = '10m'): Promise<{ world: MemoryWorld; id: AccessId }> => {
    const world = memoryWorld();
    world.timers.mode = mode;
    return { world, id: await world.ask({ duration }) };
  };

  it('a request lapses', async () => {
    const { world, id } = await begin();
    world.tick(8 * 3_600_000);
    await world.liveBySweep(10);
    expect((await world.stored(id)).access.state).toBe('lapsed');
  });

  it('an approved access opens, is warned, and ends', async () => {
    const { world, id } = await begin();
    await world.vote(id, 'U0LEA');
    await world.vote(id, 'U0SEC');
    await world.liveBySweep(10);
    expect((await world.stored(id)).access.state).toBe('active');
    await world.liveBySweep(9 * 60);
    expect(await world.told(id)).toContain('access.warned');
    await world.liveBySweep(70);
    expect((await world.stored(id)).access.state).toBe('revoked');
    expect(await stands(world)).toEqual({ grants: [], sandboxes: [] });
  });

  it('"done" takes effect', async () => {
    const { world, id } = await begin();
    await world.vote(id, 'U0LEA');
    await world.vote(id, 'U0SEC');
    await world.liveBySweep(10);
    await done(world.deps, { access: id, person: ana });
    await world.liveBySweep(10);
    expect((await world.stored(id)).access).toMatchObject({ state: 'revoked', cause: { kind: 'done' } });
  });

  it('what cannot be opened is given up, and what cannot be taken away is tried on', async () => {
    const { world, id } = await begin('45m');
    world.grants.fail('issue', new GrantFault('not-effective', 'no', { retryable: true }), {
      times: 10_000,
      when: 'after',
    });
    world.grants.fail('revoke', new GrantFault('unavailable', 'no', { retryable: true }), { times: 8 });
    await world.vote(id, 'U0LEA');
    await world.vote(id, 'U0SEC');
    await world.liveBySweep(12 * 60);
    expect((await world.stored(id)).access).toMatchObject({
      state: 'failed',
      why: 'it could not be opened in time',
    });
    expect((await world.told(id)).filter((action) => action.startsWith('alarm.'))).toEqual([
      'alarm.raised',
      'alarm.cleared',
    ]);
    expect(await stands(world)).toEqual({ grants: [], sandboxes: [] });
  });
});

describe('the sweep of the ledger', () => {
  it('leaves the first seconds to the jobs', async () => {
    const world = memoryWorld();
    world.timers.mode = 'lost';
    const id = await world.ask();
    await world.vote(id, 'U0LEA');
    await world.vote(id, 'U0SEC');
    await world.liveBySweep(2);
    expect((await world.stored(id)).access.state).toBe('approved');
    await world.liveBySweep(2);
    expect((await world.stored(id)).access.state).toBe('active');
  });

  it('starts again what was lost: the timers are there afterwards', async () => {
    const world = memoryWorld();
    world.timers.mode = 'lost';
    const id = await world.ask();
    world.timers.mode = 'kept';
    await sweepLedger(world.deps, new Map());
    expect(world.timers.all.map(({ effect }) => effect).sort()).toEqual(['lapse', 'notify']);
    await world.live(1);
    expect(await world.notices.posted(id, 'card')).not.toEqual([]);
  });

  it('has one trouble at a time: an access that fails does not hold up the others', async () => {
    const world = memoryWorld();
    const ids = await Promise.all(Array.from({ length: 12 }, () => active(world)));
    const [bad, ...good] = ids as [AccessId, ...AccessId[]];
    const { revoke } = world.grants;
    const deps = {
      ...world.deps,
      grants: {
        ...world.grants,
        revoke: async (access: AccessId) => {
          if (access === bad) throw new GrantFault('unavailable', 'no', { retryable: true });
          return revoke(access);
        },
      },
    };
    world.timers.mode = 'lost';
    world.tick(11 * 60_000);
    await sweepLedger(deps, new Map());
    expect((await world.stored(bad)).access.state).toBe('revoking');
    for (const id of good) expect((await world.stored(id)).access.state).toBe('revoked');
  });

  it('waits longer between tries the longer something fails, and never longer than a minute', () => {
    for (const random of [() => 0, () => 0.5, () => 1]) {
      const pauses = [0, 1_000, 10_000, 119_999, 120_000, 600_000, 86_400_000].map((failing) =>
        pauseAfter(failing, random),
      );
      expect(pauses).toEqual([...pauses].sort((one, other) => one - other));
      expect(Math.max(...pauses.slice(0, 4))).toBeLessThanOrEqual(5_000);
      expect(pauses.at(-1)).toBeLessThanOrEqual(60_000);
      expect(pauses[0]).toBeGreaterThan(0);
    }
  });
});

describe('the sweep of the world', () => {
  it('touches nothing where all is as it should be', async () => {
    const world = memoryWorld();
    const id = await active(world);
    world.tick(60_000);
    const before = [await world.told(id), await stands(world)];
    await sweepWorld(world.deps);
    expect([await world.told(id), await stands(world)]).toEqual(before);
  });

  it('takes away what stands though its access is over, and says so', async () => {
    const world = memoryWorld();
    const id = await active(world);
    const [grant] = await world.grants.list();
    await done(world.deps, { access: id, person: ana });
    await world.runDue();
    expect(await stands(world)).toEqual({ grants: [], sandboxes: [] });
    // A late answer of an earlier call makes both again.
    const { aws } = world.deps.policy.current().targets['payments-db']?.grant ?? {};
    if (grant === undefined || aws === undefined) throw new Error('no grant');
    await world.grants.issue({ ...grant, aws: { ...aws, policy: {} } });
    const labels = { install: '0123456789ab', access: id, requester: 'U0ANA', target: 'payments-db' };
    const limits = { memoryBytes: 1, cpus: 1, processes: 8, diskBytes: 1 };
    await world.sandboxes.open({ labels, limits, listeners: [], environment: {}, deadline: grant.endsAt });

    await sweepWorld(world.deps);
    expect(await stands(world)).toEqual({ grants: [], sandboxes: [] });
    expect(await repairs(world, id)).toEqual([{ what: ['grant', 'sandbox'], why: 'the access is revoked' }]);
    await sweepWorld(world.deps);
    expect(await repairs(world, id)).toHaveLength(1);
  });

  it('leaves an orphan until the end that it names, and then takes it away, once', async () => {
    const world = memoryWorld();
    const id = await active(world);
    world.ledger.takeOut(id);
    world.timers.due(Number.MAX_SAFE_INTEGER);
    await sweepWorld(world.deps);
    expect(await stands(world)).toEqual({ grants: [id], sandboxes: [id] });
    expect(world.timers.all).toMatchObject([{ access: id, effect: 'revoke' }]);
    world.tick(10 * 60_000);
    await sweepWorld(world.deps);
    expect(await stands(world)).toEqual({ grants: [], sandboxes: [] });
    expect(await repairs(world, id)).toEqual([
      { what: ['grant'], why: 'the ledger does not know it and its end has come' },
    ]);
  });

  it('takes away the role of an orphan on time by the timer that it set, though no sweep comes again', async () => {
    const world = memoryWorld();
    const id = await active(world);
    world.ledger.takeOut(id);
    world.timers.due(Number.MAX_SAFE_INTEGER);
    await sweepWorld(world.deps);
    await world.live(10 * 60);
    expect((await stands(world)).grants).toEqual([]);
  });

  it('closes a sandbox that nobody knows from its deadline on', async () => {
    const world = memoryWorld();
    const orphan = newId();
    const labels = { install: '0123456789ab', access: orphan, requester: 'U0ANA', target: 'payments-db' };
    const limits = { memoryBytes: 1, cpus: 1, processes: 8, diskBytes: 1 };
    await world.sandboxes.open({
      labels,
      limits,
      listeners: [],
      environment: {},
      deadline: world.clock.now() + 60_000,
    });
    await sweepWorld(world.deps);
    expect((await stands(world)).sandboxes).toEqual([orphan]);
    world.clock.tick(60_000);
    await sweepWorld(world.deps);
    expect((await stands(world)).sandboxes).toEqual([]);
    expect(await repairs(world, orphan)).toMatchObject([{ what: ['sandbox'] }]);
  });

  it('does not touch the grants of another install', async () => {
    const world = memoryWorld();
    await active(world);
    world.tick(60_000);
    const touched = world.grants.calls.filter(({ verb }) => verb !== 'list').length;
    await sweepWorld(world.deps);
    expect(world.grants.calls.filter(({ verb }) => verb !== 'list')).toHaveLength(touched);
  });

  it('ends an access whose role is gone', async () => {
    const world = memoryWorld();
    const id = await active(world);
    world.tick(60_000);
    await world.grants.revoke(id);
    await sweepWorld(world.deps);
    await world.runDue();
    expect((await world.stored(id)).access).toMatchObject({
      state: 'failed',
      why: 'its role is gone from AWS',
    });
    expect(await stands(world)).toEqual({ grants: [], sandboxes: [] });
  });

  it('opens a sandbox anew that its host lost, with the same end', async () => {
    const world = memoryWorld();
    const id = await active(world);
    world.tick(60_000);
    const [before] = await world.sandboxes.list();
    world.sandboxes.destroy(id);
    await sweepWorld(world.deps);
    expect(await world.sandboxes.list()).toEqual([before]);
    expect(await repairs(world, id)).toEqual([{ what: 'sandbox', driver: 'memory' }]);
    expect((await world.stored(id)).access.state).toBe('active');
  });

  it('replaces a sandbox of which only remains are left', async () => {
    const world = memoryWorld();
    const id = await active(world);
    world.tick(60_000);
    world.sandboxes.kill(id);
    await sweepWorld(world.deps);
    expect(await world.sandboxes.list()).toMatchObject([{ labels: { access: id }, stands: true }]);
    expect(await repairs(world, id)).toEqual([{ what: 'sandbox', driver: 'memory' }]);
  });

  it('tells once of a sandbox that two sweeps found missing', async () => {
    const world = memoryWorld();
    const id = await active(world);
    world.tick(60_000);
    world.sandboxes.destroy(id);
    const { sandboxes } = world;
    let overtaken = false;
    const list = async () => {
      const found = await sandboxes.list();
      if (!overtaken) {
        overtaken = true;
        await sweepWorld(world.deps);
      }
      return found;
    };
    await sweepWorld({ ...world.deps, sandboxes: { ...sandboxes, list } });
    expect(sandboxes.opened.get(id)).toBe(2);
    expect(await repairs(world, id)).toHaveLength(1);
  });

  it('opens no other sandbox than the one that was approved: it ends the access', async () => {
    const world = memoryWorld();
    const id = await active(world);
    world.tick(60_000);
    world.sandboxes.destroy(id);
    world.setPolicy(
      makePolicy((input) => {
        Object.assign(input.targets['payments-db'].sandbox, { egress: ['evil.example:443'] });
      }),
    );
    await sweepWorld(world.deps);
    await world.runDue();
    expect((await world.stored(id)).access).toMatchObject({ state: 'failed' });
    expect(await stands(world)).toEqual({ grants: [], sandboxes: [] });
  });

  it('takes nothing for missing that became active a moment ago', async () => {
    const world = memoryWorld();
    const id = await active(world);
    await world.grants.revoke(id);
    world.sandboxes.destroy(id);
    await sweepWorld(world.deps);
    expect((await world.stored(id)).access.state).toBe('active');
    expect((await stands(world)).sandboxes).toEqual([]);
  });

  it('puts right an end that differs from the ledger', async () => {
    const world = memoryWorld();
    const id = await active(world);
    const [grant] = await world.grants.list();
    await world.grants.setEnd(id, (grant?.endsAt ?? 0) + 3_600_000);
    await sweepWorld(world.deps);
    expect(await world.grants.list()).toEqual([grant]);
    expect((await world.sandboxes.list())[0]?.deadline).toBe(grant?.endsAt);
    expect(await repairs(world, id)).toEqual([
      { what: ['end'], why: 'the grant had another end than the ledger' },
    ]);
  });

  it('believes no end that nobody signed: the access is ended instead, and alarms', async () => {
    const world = memoryWorld();
    const id = await active(world);
    const [grant] = await world.grants.list();
    const stored = await world.stored(id);
    if (stored.access.state !== 'active') throw new Error('not active');
    const endsAt = stored.access.endsAt + 3_600_000;
    world.ledger.putBack({ ...stored, access: { ...stored.access, endsAt } });
    await sweepWorld(world.deps);
    expect(await world.grants.list()).toEqual([grant]);
    expect(world.grants.calls.filter(({ verb }) => verb === 'setEnd')).toEqual([]);
    expect(await world.told(id)).toContain('alarm.raised');
    await world.runDue();
    expect((await world.stored(id)).access).toMatchObject({
      state: 'failed',
      why: 'its record does not verify: the signed end is another one',
    });
    expect(await stands(world)).toEqual({ grants: [], sandboxes: [] });
  });

  it('opens no sandbox anew until an end that nobody signed', async () => {
    const world = memoryWorld();
    const id = await active(world);
    const before = await world.stored(id);
    world.tick(60_000);
    world.sandboxes.destroy(id);
    if (before.access.state !== 'active') throw new Error('not active');
    const longer = { ...before.access, endsAt: before.access.endsAt + 60_000 };
    world.ledger.putBack({ ...before, access: longer });
    await sweepWorld(world.deps);
    expect(world.sandboxes.opened.get(id)).toBe(1);
    expect((await world.stored(id)).access.state).not.toBe('active');
    expect(await world.told(id)).toContain('alarm.raised');
  });

  it('looks at each side though the other does not answer, and takes silence for no absence', async () => {
    const world = memoryWorld();
    const id = await active(world);
    world.tick(60_000);
    world.grants.fail('list', new GrantFault('unavailable', 'no', { retryable: true }));
    world.sandboxes.destroy(id);
    await sweepWorld(world.deps);
    expect((await world.stored(id)).access.state).toBe('active');
    expect(world.sandboxes.opened.get(id)).toBe(2);
    expect(world.log).toContain('warn: could not look at what stands; trying again');

    world.sandboxes.faults.set('list', new SandboxFault('unavailable', 'no', { retryable: true }));
    await world.grants.revoke(id);
    await sweepWorld(world.deps);
    await world.runDue();
    expect((await world.stored(id)).access.state).toBe('failed');
  });

  it('leaves alone what somebody else is at', async () => {
    const world = memoryWorld();
    const id = await active(world);
    world.tick(60_000);
    world.sandboxes.destroy(id);
    await world.leases.during(`access:${id}`, () => sweepWorld(world.deps));
    expect(world.sandboxes.opened.get(id)).toBe(1);
  });
});
