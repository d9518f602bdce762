/** Thirty attempts a minute, each kind, person and access by itself; of those beyond, one entry. */
import { expect, it } from 'vitest';
import { makeAttempts } from '../../src/flow/attempts.ts';
import { memoryWorld } from '../support/memory-world.ts';
import { activeAccess, ana, lea } from '../support/session-world.ts';

it('are let through, then refused, and the first that was refused is on the record', async () => {
  const world = memoryWorld();
  const [access, other] = [await activeAccess(world), await activeAccess(world)];
  const attempts = makeAttempts(world.deps);
  const before = (await world.ledger.trail(0, 1_000)).length;
  const tries = async (
    count: number,
    person = ana,
    id = access,
  ): Promise<readonly (string | undefined)[]> => {
    const codes: (string | undefined)[] = [];
    for (let nth = 0; nth < count; nth += 1)
      codes.push((await attempts.bar({ access: id, person }, 'watch', { session: 'x' }))?.refused.code);
    return codes;
  };
  expect(new Set(await tries(30))).toEqual(new Set([undefined]));
  expect(new Set(await tries(500))).toEqual(new Set(['too-many-attempts']));
  expect(new Set([...(await tries(30, lea)), ...(await tries(30, ana, other))])).toEqual(
    new Set([undefined]),
  );
  expect(await attempts.bar({ access, person: ana }, 'replay')).toBeUndefined();
  const entered = (await world.ledger.trail(0, 1_000)).slice(before).map(({ entry }) => entry);
  expect(entered).toMatchObject([
    {
      action: 'access.refused',
      access,
      actor: { kind: 'person', id: 'U0ANA' },
      details: { doing: 'watch', code: 'too-many-attempts', session: 'x' },
    },
  ]);
  world.tick(60_000);
  expect(await tries(1)).toEqual([undefined]);
});

it('that cannot be entered fail, and are refused all the same', async () => {
  const world = memoryWorld();
  const access = await activeAccess(world);
  const ledger = { ...world.ledger, append: () => Promise.reject(new Error('away')) };
  const attempts = makeAttempts({ ...world.deps, ledger });
  for (let nth = 0; nth < 30; nth += 1) await attempts.bar({ access, person: ana }, 'done');
  await expect(attempts.bar({ access, person: ana }, 'done')).rejects.toThrow('away');
  expect((await attempts.bar({ access, person: ana }, 'done'))?.refused).toEqual({
    code: 'too-many-attempts',
    perMinute: 30,
  });
});
