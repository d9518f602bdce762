import { describe, expect, it } from 'vitest';
import { projectOnce, projectTrail } from '../../src/flow/project-trail.ts';
import { someDraft } from '../support/builders.ts';
import { type MemoryWorld, memoryWorld } from '../support/memory-world.ts';

const forever = new AbortController().signal;

async function write(world: MemoryWorld, count: number): Promise<void> {
  await world.ledger.append(Array.from({ length: count }, () => someDraft()));
}

function numbers(world: MemoryWorld): readonly number[] {
  return world.channel.entries.map(({ seq }) => seq);
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Projects until the trail is told, with `harm` done each time before it looks again. */
async function project(
  world: MemoryWorld,
  rounds: number,
  between: (round: number) => Promise<void> = async () => {},
): Promise<void> {
  const stop = new AbortController();
  let round = 0;
  await projectTrail(world.deps, stop.signal, async () => {
    round += 1;
    if (round >= rounds) stop.abort();
    else await between(round);
  });
}

describe('the audit channel', () => {
  it('carries every entry once and in order, over many pages', async () => {
    const world = memoryWorld();
    await write(world, 450);
    await project(world, 1);
    expect(numbers(world)).toEqual(upTo(450));
  });

  it('goes on with what came since', async () => {
    const world = memoryWorld();
    await write(world, 3);
    await project(world, 3, () => write(world, 2));
    expect(numbers(world)).toEqual(upTo(7));
  });

  it('goes on, after a restart, behind what it already carries', async () => {
    const world = memoryWorld();
    await write(world, 3);
    await project(world, 1);
    await write(world, 2);
    await project(world, 1);
    expect(numbers(world)).toEqual(upTo(5));
  });

  it.each(['before', 'after'] as const)(
    'repeats nothing and leaves nothing out where a post failed %s it arrived',
    async (when) => {
      const world = memoryWorld();
      await write(world, 3);
      world.channel.failNext(when);
      await expect(project(world, 1)).rejects.toThrow('Slack does not answer');
      await project(world, 1);
      expect(numbers(world)).toEqual(upTo(3));
    },
  );

  it('is told by one at a time', async () => {
    const world = memoryWorld();
    await write(world, 3);
    await world.leases.during('channel', async () => {
      expect(await projectTrail(world.deps, forever, async () => {})).toBe('busy');
    });
    expect(numbers(world)).toEqual([]);
  });

  it('is no longer told by whoever lost the lease', async () => {
    const world = memoryWorld();
    await write(world, 2);
    await projectTrail(world.deps, forever, async () => {
      world.leases.lose('channel');
      await write(world, 2);
    });
    expect(numbers(world)).toEqual([1, 2]);
  });

  it('begins with the first entry of a chain that is not the one it carries', async () => {
    const world = memoryWorld();
    await write(world, 3);
    const cursor = await projectOnce(world.deps, { chain: 'lost', seq: 40, hash: 'f'.repeat(64) }, forever);
    expect(numbers(world)).toEqual(upTo(3));
    expect(cursor).toEqual(await world.ledger.head());
  });
});
