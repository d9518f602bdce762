/** From the approval to "active", or to nothing at all: every stage judged again, and undone where it does not stand. */
import { describe, expect, it } from 'vitest';
import type { AccessId } from '../../src/domain/ids.ts';
import { done } from '../../src/flow/end-early.ts';
import { NotYet, provision } from '../../src/flow/provision.ts';
import { GrantFault } from '../../src/ports/grants.ts';
import { SandboxFault, type SandboxSpec } from '../../src/ports/sandboxes.ts';
import { makePolicy } from '../support/builders.ts';
import { type MemoryWorld, memoryWorld } from '../support/memory-world.ts';

const forever = new AbortController().signal;
const minutes = (count: number): number => count * 60_000;

/** An access with both votes, and nothing done about it yet. */
async function approved(world: MemoryWorld): Promise<AccessId> {
  const id = await world.ask();
  await world.vote(id, 'U0LEA');
  await world.vote(id, 'U0SEC');
  return id;
}

async function ended(world: MemoryWorld, id: AccessId): Promise<string> {
  await world.live(3);
  const { access } = await world.stored(id);
  expect(await world.grants.list()).toEqual([]);
  expect(await world.sandboxes.list()).toEqual([]);
  return access.state === 'failed' ? access.why : access.state;
}

describe('what stands is opened', () => {
  it('sandbox, end, grant, active: in this order, told in this order, once', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    await world.live(1);
    expect(await world.told(id)).toEqual([
      'access.requested',
      'vote.approved',
      'vote.approved',
      'access.approved',
      'sandbox.opened',
      'grant.issued',
      'access.active',
    ]);
    await provision(world.deps, id, forever);
    expect((await world.told(id)).length).toBe(7);
    expect(world.grants.calls.map(({ verb }) => verb)).toEqual(['issue']);
  });

  it('counts the time from the open sandbox on, and grant and sandbox end with the ledger', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    world.tick(7_500);
    await world.runDue();
    const { access } = await world.stored(id);
    const endsAt = access.state === 'active' ? access.endsAt : 0;
    expect(endsAt).toBe(Math.ceil(world.clock.now() / 1_000) * 1_000 + minutes(45));
    expect((await world.grants.list()).map((grant) => grant.endsAt)).toEqual([endsAt]);
    expect((await world.sandboxes.list()).map((sandbox) => sandbox.deadline)).toEqual([endsAt]);
  });

  it('labels what it opens with who and what it is for', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    await world.live(1);
    const labels = { install: '0123456789ab', access: id, requester: 'U0ANA', target: 'payments-db' };
    expect(await world.sandboxes.list()).toMatchObject([{ labels }]);
    expect(await world.grants.list()).toMatchObject([
      { access: id, requester: 'U0ANA', target: 'payments-db' },
    ]);
  });

  it('is tried again after a fault that may pass, and issued once', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    world.grants.fail('issue', new GrantFault('throttled', 'slow down', { retryable: true }), { times: 3 });
    await world.live(5);
    expect((await world.stored(id)).access.state).toBe('active');
    expect((await world.told(id)).filter((action) => action === 'sandbox.opened')).toHaveLength(1);
  });

  it('adopts the grant whose answer was lost', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    world.grants.fail('issue', new GrantFault('unavailable', 'no answer', { retryable: true }), {
      when: 'after',
    });
    await world.live(3);
    expect((await world.stored(id)).access.state).toBe('active');
    expect(await world.grants.list()).toHaveLength(1);
  });
});

describe('what no longer stands when it is to be opened is undone', () => {
  it.each<[string, (world: MemoryWorld) => void, string]>([
    [
      'a rule denies it by now',
      (world) =>
        world.setPolicy(
          makePolicy((input) => {
            input.rules = [{ deny: { targets: ['*'], because: 'freeze' } }];
          }),
        ),
      'it no longer stands: freeze',
    ],
    [
      'what it grants was changed',
      (world) =>
        world.setPolicy(
          makePolicy((input) => {
            input.targets['payments-db'].grant.aws.managed = ['arn:aws:iam::aws:policy/AdministratorAccess'];
          }),
        ),
      'it no longer stands: terms-changed',
    ],
    [
      'its target is gone',
      (world) =>
        world.setPolicy(makePolicy((input) => void Reflect.deleteProperty(input.targets, 'payments-db'))),
      'it no longer stands: no-such-target',
    ],
    [
      'an approver left the group',
      (world) => void world.directory.groups.set('security', new Set()),
      'it no longer stands: those who approved it are no longer entitled to',
    ],
    [
      'the requester was deactivated',
      (world) => world.directory.change('U0ANA', { deleted: true }),
      'it no longer stands: deactivated',
    ],
  ])('%s', async (_, arrange, why) => {
    const world = memoryWorld();
    const id = await approved(world);
    arrange(world);
    expect(await ended(world, id)).toBe(why);
    expect(world.grants.calls.some(({ verb }) => verb === 'issue')).toBe(false);
    expect(await world.told(id)).not.toContain('access.active');
    expect((await world.told(id)).at(-1)).toBe('access.failed');
  });

  it('also between the sandbox and the grant', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    const { open } = world.sandboxes;
    const deps = {
      ...world.deps,
      sandboxes: {
        ...world.sandboxes,
        open: async (spec: SandboxSpec) => {
          world.directory.groups.set('security', new Set());
          return open(spec);
        },
      },
    };
    await provision(deps, id, forever);
    expect((await world.told(id)).slice(-2)).toEqual(['sandbox.opened', 'access.ending']);
    expect(await ended(world, id)).toContain('no longer entitled');
    expect(world.grants.calls.some(({ verb }) => verb === 'issue')).toBe(false);
  });

  it('a sandbox that is not fenced', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    const why = 'the sandbox was destroyed, for it was not fenced: network-interfaces: eth0';
    world.sandboxes.faults.set('open', new SandboxFault('not-fenced', why, { retryable: false }));
    expect(await ended(world, id)).toBe(why);
  });

  it('a fault that will not pass', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    world.grants.fail(
      'issue',
      new GrantFault('denied', 'the bot may not create roles', { retryable: false }),
    );
    expect(await ended(world, id)).toBe('the bot may not create roles');
  });
});

describe('what cannot be told now waits, and not for ever', () => {
  it('for the directory', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    world.directory.down.add('security');
    await expect(provision(world.deps, id, forever)).rejects.toThrow(
      new NotYet('the directory did not answer for security'),
    );
    await world.live(60);
    expect((await world.stored(id)).access.state).toBe('approved');
    expect(await world.sandboxes.list()).toEqual([]);
    world.directory.down.clear();
    await world.live(3);
    expect((await world.stored(id)).access.state).toBe('active');
  });

  it('until patience ends, and then it is undone', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    world.directory.down.add('security');
    await world.live(9 * 60);
    expect((await world.stored(id)).access.state).toBe('approved');
    await world.live(61);
    expect(await ended(world, id)).toBe('it could not be opened in time');
  });

  it('for a sandbox host, until patience ends, and then nothing is left', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    world.sandboxes.faults.set(
      'open',
      new SandboxFault('unavailable', 'no memory left', { retryable: true }),
    );
    await world.live(9 * 60);
    expect((await world.stored(id)).access.state).toBe('provisioning');
    await world.live(61);
    expect(await ended(world, id)).toBe('it could not be opened in time');
  });

  it('a grant that only came to be after patience ended is taken away', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    world.grants.fail('issue', new GrantFault('not-effective', 'not seen to work', { retryable: true }), {
      times: 10_000,
      when: 'after',
    });
    await world.live(11 * 60);
    expect(await ended(world, id)).toBe('it could not be opened in time');
  });
});

describe('an ending is not held up by an opening', () => {
  it('"done" while the grant is being issued: nothing becomes active, nothing is left', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    const { issue } = world.grants;
    const deps = {
      ...world.deps,
      grants: {
        ...world.grants,
        issue: async (...args: Parameters<typeof issue>) => {
          const grant = await issue(...args);
          await done(world.deps, { access: id, person: { id: 'U0ANA', name: 'ana' } });
          return grant;
        },
      },
    };
    await provision(deps, id, forever);
    expect(await ended(world, id)).toBe('revoked');
    expect(await world.told(id)).not.toContain('access.active');
  });

  it('an issue that hangs is aborted once the access is ended', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    let begun = (): void => {};
    const issuing = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const deps = {
      ...world.deps,
      grants: {
        ...world.grants,
        issue: (_: unknown, signal?: AbortSignal) =>
          new Promise<never>((_resolve, reject) => {
            signal?.addEventListener('abort', () => reject(signal.reason));
            begun();
          }),
      },
    };
    const opening = expect(provision(deps, id, forever)).rejects.toThrow(
      'it was ended while it was being opened',
    );
    await issuing;
    await done(world.deps, { access: id, person: { id: 'U0ANA', name: 'ana' } });
    world.tick(500);
    await opening;
    expect(await ended(world, id)).toBe('revoked');
  });
});

describe('whoever can write to Redis is no approver', () => {
  it('a record put back from before it was withdrawn grants nothing, and alarms', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    const before = await world.stored(id);
    await world.live(1);
    await done(world.deps, { access: id, person: { id: 'U0ANA', name: 'ana' } });
    expect(await ended(world, id)).toBe('revoked');

    world.ledger.putBack(before);
    await provision(world.deps, id, forever);
    await world.liveBySweep(1);
    expect(await ended(world, id)).toBe(
      'its record does not verify: the trail is further on: it says access.revoked',
    );
    expect((await world.told(id)).filter((action) => action === 'access.active')).toHaveLength(1);
    expect(await world.told(id)).toContain('alarm.raised');
    expect(world.grants.calls.filter(({ verb }) => verb === 'issue')).toHaveLength(1);
  });

  it('a record put back from before it was opened wins no second, later end', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    const before = await world.stored(id);
    await world.live(60);
    expect((await world.stored(id)).access.state).toBe('active');
    world.ledger.putBack(before);
    await provision(world.deps, id, forever);
    await world.liveBySweep(1);
    expect(await ended(world, id)).toBe(
      'its record does not verify: the trail is further on: it says access.active',
    );
    expect(await world.grants.list()).toEqual([]);
    expect(await world.sandboxes.list()).toEqual([]);
    expect(await world.told(id)).toContain('alarm.raised');
    expect(world.grants.calls.filter(({ verb }) => verb === 'issue')).toHaveLength(1);
  });

  it('a vote written into a record counts for nothing', async () => {
    const world = memoryWorld();
    const id = await world.ask();
    await world.vote(id, 'U0LEA');
    const { access, ...rest } = await world.stored(id);
    const votes = [
      ...access.votes,
      { person: 'U0SEC', name: 'sec', answer: 'approve', at: world.clock.now() } as const,
    ];
    const { request } = access;
    const now = world.clock.now();
    world.ledger.putBack({
      ...rest,
      access: {
        state: 'approved',
        request,
        votes,
        basis: { by: 'votes' },
        approvedAt: now,
        giveUpAt: now + minutes(10),
      },
    });
    await provision(world.deps, id, forever);
    expect(await ended(world, id)).toBe('its approval does not verify: no signed approval in the trail');
    expect(world.grants.calls.some(({ verb }) => verb === 'issue')).toBe(false);
  });

  it('a record that does not verify opens nothing', async () => {
    const world = memoryWorld();
    const id = await approved(world);
    world.ledger.forge(id);
    await world.live(30);
    expect(world.grants.calls.some(({ verb }) => verb === 'issue')).toBe(false);
    expect(await world.sandboxes.list()).toEqual([]);
    expect((await world.told(id)).filter((action) => action === 'alarm.raised')).toHaveLength(1);
  });
});
