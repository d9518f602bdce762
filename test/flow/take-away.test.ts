/** The end: on time, early, or in spite of everything; told only once both parts are gone. */
import { describe, expect, it } from 'vitest';
import type { AccessId } from '../../src/domain/ids.ts';
import { isRefused } from '../../src/domain/refusal.ts';
import { done, revoke } from '../../src/flow/end-early.ts';
import { takeAway } from '../../src/flow/take-away.ts';
import { GrantFault } from '../../src/ports/grants.ts';
import { SandboxFault } from '../../src/ports/sandboxes.ts';
import { type MemoryWorld, memoryWorld, refusalOf } from '../support/memory-world.ts';
import { activeAccess } from '../support/session-world.ts';

const ana = { id: 'U0ANA', name: 'ana' };
const down = (times: number): [GrantFault, { times: number }] => [
  new GrantFault('unavailable', 'AWS does not answer', { retryable: true }),
  { times },
];

async function active(world: MemoryWorld, duration = '10m'): Promise<AccessId> {
  const id = await activeAccess(world, duration);
  expect((await world.stored(id)).access.state).toBe('active');
  return id;
}

async function sinceActive(world: MemoryWorld, id: AccessId): Promise<readonly string[]> {
  const told = await world.told(id);
  return told.slice(told.indexOf('access.active') + 1);
}

async function standing(world: MemoryWorld): Promise<readonly AccessId[]> {
  const grants = (await world.grants.list()).map(({ access }) => access);
  const sandboxes = (await world.sandboxes.list()).map(({ labels }) => labels.access);
  return [...new Set([...grants, ...sandboxes])];
}

describe('at its end', () => {
  it('an access is warned of, ended and told to be revoked, in this order', async () => {
    const world = memoryWorld();
    const id = await active(world);
    await world.live(8 * 60);
    expect(await sinceActive(world, id)).toEqual(['access.warned']);
    await world.live(2 * 60);
    const told = await sinceActive(world, id);
    expect(told.slice(0, 2)).toEqual(['access.warned', 'access.ending']);
    expect([...told.slice(2, 4)].sort()).toEqual(['grant.revoked', 'sandbox.closed']);
    expect(told.slice(4)).toEqual(['access.revoked']);
    expect((await world.stored(id)).access).toMatchObject({ state: 'revoked', cause: { kind: 'end' } });
    expect(await standing(world)).toEqual([]);
  });

  it('not before it: the revoke that comes early does nothing', async () => {
    const world = memoryWorld();
    const id = await active(world);
    await takeAway(world.deps, id, new AbortController().signal);
    expect((await world.stored(id)).access.state).toBe('active');
    expect(await standing(world)).toEqual([id]);
  });

  it('an access ends though neither Slack nor the policy nor the directory is there', async () => {
    const world = memoryWorld();
    const id = await active(world);
    for (const name of ['leads', 'security', 'payments', 'U0ANA']) world.directory.down.add(name);
    world.notices.failing.set('C0APPROVE', { delivered: false, retry: true, why: 'down' });
    world.setPolicy({ ...world.deps.policy.current(), targets: {} });
    await world.live(10 * 60);
    expect((await world.stored(id)).access.state).toBe('revoked');
    expect(await standing(world)).toEqual([]);
  });

  it('one access goes and the other on the same target stays', async () => {
    const world = memoryWorld();
    const first = await active(world, '10m');
    await world.live(5 * 60);
    const second = await active(world, '10m');
    await world.live(5 * 60);
    expect((await world.stored(first)).access.state).toBe('revoked');
    expect((await world.stored(second)).access.state).toBe('active');
    expect(await standing(world)).toEqual([second]);
    await world.live(5 * 60 + 2);
    expect(await standing(world)).toEqual([]);
  });
});

describe('earlier', () => {
  it('the requester says "done", and nobody else may', async () => {
    const world = memoryWorld();
    const id = await active(world);
    expect(refusalOf(await done(world.deps, { access: id, person: { id: 'U0BEN', name: 'ben' } })).code).toBe(
      'not-yours',
    );
    await done(world.deps, { access: id, person: ana });
    await world.runDue();
    expect((await world.stored(id)).access).toMatchObject({ state: 'revoked', cause: { kind: 'done' } });
    expect(refusalOf(await done(world.deps, { access: id, person: ana })).code).toBe('wrong-state');
  });

  it.each([
    ['an approver', { person: { id: 'U0SEC', name: 'sec' } }],
    ['the requester', { person: ana }],
    ['an operator', { operator: { kind: 'system', id: 'cli:root', name: 'root' } }],
  ] as const)('%s revokes it', async (_, by) => {
    const world = memoryWorld();
    const id = await active(world);
    await revoke(world.deps, { access: id, by, why: 'odd\u202e queries' });
    await world.runDue();
    const actor = 'person' in by ? { id: by.person.id } : by.operator;
    expect((await world.stored(id)).access).toMatchObject({
      state: 'revoked',
      cause: { kind: 'revoked', by: actor, why: 'odd queries' },
    });
    expect(await standing(world)).toEqual([]);
  });

  it('a bystander does not, nor an approver whom the directory cannot tell, and both are recorded', async () => {
    const world = memoryWorld();
    const id = await active(world);
    const by = (person: string) => ({ person: { id: person, name: person } });
    expect(refusalOf(await revoke(world.deps, { access: id, by: by('U0OUT') })).code).toBe('not-an-approver');
    world.directory.down.add('security');
    expect(refusalOf(await revoke(world.deps, { access: id, by: by('U0SEC') })).code).toBe(
      'directory-unavailable',
    );
    expect(await sinceActive(world, id)).toEqual(['access.refused', 'access.refused']);
    expect((await world.stored(id)).access.state).toBe('active');
  });

  it('a waiting request that an approver revokes is denied', async () => {
    const world = memoryWorld();
    const id = await world.ask();
    await revoke(world.deps, { access: id, by: { person: { id: 'U0LEA', name: 'lea' } } });
    expect((await world.stored(id)).access).toMatchObject({ state: 'rejected', by: { id: 'U0LEA' } });
  });

  it('many endings at once are one ending', async () => {
    const world = memoryWorld();
    const id = await active(world);
    const by = { person: { id: 'U0LEA', name: 'lea' } };
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => revoke(world.deps, { access: id, by })),
    );
    expect(outcomes.filter((outcome) => !isRefused(outcome))).toHaveLength(1);
    await world.runDue();
    expect((await world.told(id)).filter((action) => action === 'access.revoked')).toHaveLength(1);
  });
});

describe('what cannot be taken away', () => {
  it('alarms at the first miss, is tried again and again, and clears the alarm when it is gone', async () => {
    const world = memoryWorld();
    const id = await active(world);
    world.grants.fail('revoke', ...down(200));
    await done(world.deps, { access: id, person: ana });
    await world.runDue();
    expect((await sinceActive(world, id)).slice(-2)).toEqual(['grant.failed', 'alarm.raised']);
    await world.live(20);
    expect((await world.stored(id)).access).toMatchObject({
      state: 'revoking',
      alarmed: true,
      left: { grant: true, sandbox: false },
    });
    expect((await world.told(id)).filter((action) => action === 'alarm.raised')).toHaveLength(1);
    expect(await world.told(id)).not.toContain('access.revoked');
    await world.live(200);
    expect((await sinceActive(world, id)).slice(-3)).toEqual([
      'grant.revoked',
      'alarm.cleared',
      'access.revoked',
    ]);
  });

  it('does not keep the other part: each is taken away by itself', async () => {
    const world = memoryWorld();
    const id = await active(world);
    world.sandboxes.faults.set('close', new SandboxFault('stuck', 'a process hangs', { retryable: true }));
    await done(world.deps, { access: id, person: ana });
    await world.live(5);
    expect(await world.grants.list()).toEqual([]);
    // Both are taken away side by side, so which is told first is not said.
    expect([...(await sinceActive(world, id))].sort()).toEqual([
      'access.ending',
      'alarm.raised',
      'grant.revoked',
      'sandbox.failed',
    ]);
    world.sandboxes.faults.clear();
    await world.live(3);
    expect((await sinceActive(world, id)).slice(-3)).toEqual([
      'sandbox.closed',
      'alarm.cleared',
      'access.revoked',
    ]);
  });

  it('is still tried after a day, and no later entry floods the trail', async () => {
    const world = memoryWorld();
    const id = await active(world);
    world.grants.fail('revoke', ...down(10_000));
    await done(world.deps, { access: id, person: ana });
    await world.live(60);
    const tries = world.grants.calls.length;
    const told = (await world.told(id)).length;
    world.tick(86_400_000);
    await world.live(60);
    expect(world.grants.calls.length).toBeGreaterThan(tries + 30);
    expect((await world.told(id)).length).toBe(told);
    expect((await world.stored(id)).access.state).toBe('revoking');
  });

  it('says the first reason in the trail, cut and well-formed', async () => {
    const world = memoryWorld();
    const id = await active(world);
    world.grants.fail(
      'revoke',
      new GrantFault('unavailable', `\ud800${'x'.repeat(600)}`, { retryable: true }),
    );
    await done(world.deps, { access: id, person: ana });
    await world.runDue();
    const trail = await world.ledger.trail(0, 100);
    const why = trail.find(({ entry }) => entry.action === 'alarm.raised')?.entry.details.why;
    expect(why).toBe(`\ufffd${'x'.repeat(499)}`);
  });
});

describe('an access that the ledger does not know, or does not believe', () => {
  it.each([
    ['was lost', (world: MemoryWorld, id: AccessId) => world.ledger.takeOut(id)],
    ['was forged', (world: MemoryWorld, id: AccessId) => world.ledger.forge(id)],
  ])('that %s stays until the end that its role names, and then goes', async (_, harm) => {
    const world = memoryWorld();
    const id = await active(world);
    harm(world, id);
    await takeAway(world.deps, id, new AbortController().signal);
    expect(await standing(world)).toEqual([id]);
    await world.live(10 * 60);
    expect(await standing(world)).toEqual([]);
    expect(await world.told(id)).toContain('sweep.repaired');
    const over = world.notices.messages.find(({ access, tag }) => access === id && tag === 'over');
    expect(over).toMatchObject({ to: { person: 'U0ANA' } });
    expect(over?.message.text).toContain('was *revoked*');
  });
});
