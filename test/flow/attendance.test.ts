/** The end of an access is noticed in time, whatever the ledger does. */
import { expect, it } from 'vitest';
import type { AccessId } from '../../src/domain/ids.ts';
import { makeAttendance } from '../../src/flow/attendance.ts';
import { isStored, type Ledger, type Read } from '../../src/ports/ledger.ts';
import { type MemoryWorld, memoryWorld } from '../support/memory-world.ts';
import { activeAccess, allTurns } from '../support/session-world.ts';

type Stage = {
  readonly world: MemoryWorld;
  /** Milliseconds from now. */
  readonly endsIn: number;
  readonly why: () => string | undefined;
  /** From now on each read waits for its answer. */
  hang(): void;
  answer(read: Read): void;
  readonly stored: Read;
};

async function stage(): Promise<Stage> {
  const world = memoryWorld();
  const id = await activeAccess(world);
  const stored = await world.stored(id);
  if (stored.access.state !== 'active') throw new Error(stored.access.state);
  let held: PromiseWithResolvers<Read> | undefined;
  const read: Ledger['read'] = (asked: AccessId) => held?.promise ?? world.ledger.read(asked);
  const deps = { ...world.deps, ledger: { ...world.ledger, read } };
  let why: string | undefined;
  void makeAttendance(deps, new AbortController().signal)
    .over(id)
    .then((reason) => {
      why = reason;
    });
  await allTurns();
  return {
    world,
    endsIn: stored.access.endsAt - world.clock.now(),
    why: () => why,
    hang: () => {
      held = Promise.withResolvers();
    },
    answer: (given) => {
      held?.resolve(given);
      held = undefined;
    },
    stored,
  };
}

async function pass({ world }: Stage, ms: number): Promise<void> {
  world.clock.tick(ms);
  await allTurns();
}

it('by the clock where the ledger does not answer', async () => {
  const on = await stage();
  await pass(on, on.endsIn - 30_000);
  on.hang();
  await pass(on, 250);
  await pass(on, 29_749);
  expect(on.why()).toBeUndefined();
  await pass(on, 1);
  expect(on.why()).toBe('its time is up');
});

it('not before a look that the end overtook had a moment to tell of a later one', async () => {
  const on = await stage();
  await pass(on, on.endsIn - 1);
  on.hang();
  await pass(on, 249);
  expect(on.why()).toBeUndefined();
  const { stored } = on;
  if (!isStored(stored) || stored.access.state !== 'active') throw new Error('not active');
  const endsAt = on.world.clock.now() + 60_000;
  on.answer({ ...stored, access: { ...stored.access, endsAt } });
  await pass(on, 1);
  expect(on.why()).toBeUndefined();
});

it('and a quarter of a second later where that moment brought nothing', async () => {
  const on = await stage();
  await pass(on, on.endsIn - 1);
  on.hang();
  await pass(on, 1);
  await pass(on, 249);
  expect(on.why()).toBeUndefined();
  await pass(on, 1);
  expect(on.why()).toBe('its time is up');
});
