/** Who sees an access, and as what, by today's policy and directory. */
import { describe, expect, it } from 'vitest';
import type { Person } from '../../src/domain/people.ts';
import { barFromViewing, reviewedTargets, sightOf } from '../../src/flow/viewing.ts';
import { makePolicy } from '../support/builders.ts';
import { type MemoryWorld, memoryWorld } from '../support/memory-world.ts';
import { activeAccess, ana, lea } from '../support/session-world.ts';

const [ben, sec, out]: Person[] = ['BEN', 'SEC', 'OUT'].map((id) => ({ id: `U0${id}`, name: id }));
const withReviewers = makePolicy((input) => {
  Object.assign(input.targets['payments-db'], { reviewers: ['on-call'] });
});

async function stage(): Promise<{
  world: MemoryWorld;
  see: (person: Person | undefined) => Promise<unknown>;
}> {
  const world = memoryWorld(withReviewers);
  const { access } = await world.stored(await activeAccess(world));
  const see = async (person: Person = ana): Promise<unknown> => {
    const sight = await sightOf(world.deps, access, person);
    return typeof sight === 'string' ? sight : sight.code;
  };
  return { world, see };
}

describe('what somebody is to an access', () => {
  it('follows from whose it is, and from the groups of its target', async () => {
    const { see } = await stage();
    expect(await Promise.all([ana, lea, sec, ben, out].map(see))).toEqual([
      'requester',
      'approver',
      'approver',
      'reviewer',
      'no-such-access',
    ]);
  });

  it('changes with the policy and the groups', async () => {
    const { world, see } = await stage();
    world.directory.groups.get('leads')?.delete('U0LEA');
    expect(await see(lea)).toBe('no-such-access');
    world.setPolicy(makePolicy());
    expect(await see(ben)).toBe('no-such-access');
    // The target has gone from the policy: whose access it is, it stays.
    world.setPolicy(makePolicy((input) => void Reflect.deleteProperty(input.targets, 'payments-db')));
    expect(await Promise.all([ana, sec].map(see))).toEqual(['requester', 'no-such-access']);
  });

  it('is nothing for who is no member any more, not even for the requester', async () => {
    const { world, see } = await stage();
    for (const change of [{ deleted: true }, { restricted: true }, { stranger: true }, { team: 'T0OTHER' }]) {
      world.directory.change('U0ANA', { deleted: false, restricted: false, ...change });
      expect(await see(ana)).toBe('ineligible');
      expect(await barFromViewing(world.deps, ana)).toMatchObject({ code: 'ineligible' });
    }
  });

  it('cannot be told while the directory does not answer, but where what it said is enough', async () => {
    const { world, see } = await stage();
    world.directory.down.add('on-call');
    expect(await Promise.all([ana, lea, ben].map(see))).toEqual([
      'requester',
      'approver',
      'directory-unavailable',
    ]);
    world.directory.down.add('U0ANA');
    expect(await see(ana)).toBe('directory-unavailable');
    expect(await barFromViewing(world.deps, ana)).toMatchObject({ code: 'directory-unavailable' });
    expect(await barFromViewing(world.deps, lea)).toBeUndefined();
  });
});

describe('the targets that somebody reviews', () => {
  it('are those for which they approve or review', async () => {
    const { world } = await stage();
    const of = async (person: Person | undefined): Promise<readonly string[]> =>
      [...(await reviewedTargets(world.deps, person ?? ana))].sort();
    expect(await of(lea)).toEqual(['payments-db', 'wiki']);
    expect(await of(sec)).toEqual(['payments-db']);
    expect(await of(ben)).toEqual(['payments-db']);
    expect(await of(ana)).toEqual([]);
    expect(await of(out)).toEqual([]);
    world.directory.change('U0LEA', { deleted: true });
    expect(await of(lea)).toEqual([]);
  });
});
