/**
 * A crash at any point converges: the process dies at each of its calls to the outside, before or after the call took
 * effect; what comes after has only the sweep, and people who click once more where nothing seemed to happen.
 */
import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isFinished } from '../../src/domain/access.ts';
import type { AccessId } from '../../src/domain/ids.ts';
import { type StoredLine, verifyChain } from '../../src/domain/verify-chain.ts';
import { done } from '../../src/flow/end-early.ts';
import { runEffect } from '../../src/flow/run-effect.ts';
import { sweepWorld } from '../../src/flow/sweep.ts';
import { isStored } from '../../src/ports/ledger.ts';
import { makePolicy, newSigningKey } from '../support/builders.ts';
import { memoryLedger } from '../support/memory-ledger.ts';
import { type MemoryWorld, memoryWorld } from '../support/memory-world.ts';
import { type Death, type Mortal, mortal } from '../support/mortal.ts';

const ana = { id: 'U0ANA', name: 'ana' };
type Ending = 'end' | 'done';

/** A person tries, and once more after the crash if it was this that crashed. */
async function insist<T>(life: Mortal, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!life.died) throw error;
    life.restart();
    return act();
  }
}

/** Ask, both votes, opening, warning, end; timers until the crash, and only the sweep afterwards. */
async function live(life: Mortal, ending: Ending): Promise<{ world: MemoryWorld; id: AccessId }> {
  const world = memoryWorld(makePolicy(), life.wrap);
  const pass = async (seconds: number): Promise<void> => {
    if (!life.died) await world.live(seconds);
    if (life.died) {
      life.restart();
      world.timers.mode = 'lost';
      world.timers.due(Number.MAX_SAFE_INTEGER);
      await world.liveBySweep(Math.max(seconds, 10));
    }
  };
  const id = await insist(life, () => world.ask({ duration: '5m' }));
  await insist(life, () => runEffect(world.deps, 'notify', id));
  for (const voter of ['U0LEA', 'U0SEC']) await insist(life, () => world.vote(id, voter));
  await pass(2);
  if (ending === 'done') await insist(life, () => done(world.deps, { access: id, person: ana }));
  await pass(ending === 'done' ? 20 : 5 * 60 + 20);
  if (life.died) life.restart();
  await world.liveBySweep(20);
  await sweepWorld(world.deps);
  return { world, id };
}

async function count(ending: Ending): Promise<readonly string[]> {
  const life = mortal({ at: Number.POSITIVE_INFINITY, when: 'before' });
  await live(life, ending);
  return life.calls;
}

const endings = await Promise.all(
  (['end', 'done'] as const).map(async (ending) => ({ ending, calls: await count(ending) })),
);
const deaths = endings.flatMap(({ ending, calls }) =>
  calls.flatMap((call, index) =>
    (['before', 'after'] as const).map((when) => ({
      ending,
      call,
      death: { at: index + 1, when } satisfies Death,
    })),
  ),
);

it('is tried at every kind of call', () => {
  const kinds = new Set(deaths.map(({ call }) => call));
  for (const kind of [
    'ledger.commit',
    'timers.schedule',
    'grants.issue',
    'grants.revoke',
    'sandboxes.open',
    'sandboxes.setDeadline',
    'sandboxes.close',
    'notices.upsert',
  ]) {
    expect(kinds).toContain(kind);
  }
});

describe('converges', () => {
  it.each(deaths)('after a death $death.when call $death.at, $call ($ending)', async ({ ending, death }) => {
    const life = mortal(death);
    const { world, id } = await live(life, ending);
    expect(life.died).toBe(true);

    const { access } = await world.stored(id);
    expect(access).toMatchObject({ state: 'revoked', cause: { kind: ending } });
    expect(await world.grants.list()).toEqual([]);
    expect(await world.sandboxes.list()).toEqual([]);

    const told = await world.told(id);
    for (const once of [
      'access.requested',
      'access.approved',
      'sandbox.opened',
      'grant.issued',
      'access.active',
      'access.ending',
      'grant.revoked',
      'sandbox.closed',
      'access.revoked',
    ]) {
      expect([once, told.filter((action) => action === once).length]).toEqual([once, 1]);
    }
    expect(told.filter((action) => action === 'vote.approved')).toHaveLength(2);
    expect(world.sandboxes.opened.get(id)).toBe(1);
    expect(told).not.toContain('alarm.raised');

    // A request whose answer was lost may have been made twice; the first one only waits.
    for (const other of await world.ledger.unfinished()) {
      expect(other).not.toBe(id);
      expect((await world.stored(other)).access.state).toBe('waiting');
    }
    const cards = world.notices.messages.filter((each) => each.access === id && each.tag === 'card');
    expect(new Set(cards.map(({ channel }) => channel)).size).toBe(cards.length);
  });
});

it('leaves a trail that verifies', async () => {
  // The twin writes and signs as Redis does; what is checked here is that flows never ask it to write anything odd.
  const key = newSigningKey();
  const ledger = memoryLedger(key);
  const life = mortal({ at: Number.POSITIVE_INFINITY, when: 'before' });
  const world = memoryWorld(makePolicy(), (deps) => life.wrap({ ...deps, ledger }));
  const id = await world.ask({ duration: '5m' });
  for (const voter of ['U0LEA', 'U0SEC', 'U0OUT']) await world.vote(id, voter);
  await world.live(6 * 60);
  const read = await ledger.read(id);
  expect(!isStored(read) || isFinished(read.access)).toBe(true);
  const lines: StoredLine[] = [];
  for await (const line of ledger.dump()) lines.push(line);
  expect(lines.length).toBeGreaterThan(10);
  expect(verifyChain(lines, [createPublicKey(key)], [await ledger.head()]).flaws).toEqual([]);
});
