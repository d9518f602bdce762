/** The process dies after every single call to AWS; whoever comes next ends in exactly one role, or in none. */
import { expect, test } from 'vitest';
import { awsGrants } from '../../../src/adapters/aws/grants.ts';
import { GrantFault, type Grants } from '../../../src/ports/grants.ts';
import { newId } from '../../support/builders.ts';
import { canWork, credentialsOf, specOf, startWorld, tap, type World } from './world.ts';

/** Runs `act` and stops it right after its `last`th call. @returns how many calls there were. */
async function dyingAfter(
  world: World,
  last: number,
  act: (grants: Grants, signal: AbortSignal) => Promise<unknown>,
): Promise<number> {
  const death = new AbortController();
  let made = 0;
  const tapped = tap(world.clients, (calls) => {
    made = calls;
    if (calls === last) death.abort();
  });
  try {
    await act(awsGrants({ ...world.deps, ...tapped }), death.signal);
  } catch (error) {
    if (!(error instanceof GrantFault) || !error.retryable || !death.signal.aborted) throw error;
  }
  return made;
}

/** A fresh world each time keeps the taps apart. */
async function everyCrash(
  prepare: (world: World, grants: ReturnType<typeof specOf>) => Promise<unknown>,
  act: (grants: Grants, spec: ReturnType<typeof specOf>, signal: AbortSignal) => Promise<unknown>,
  after: (world: World, spec: ReturnType<typeof specOf>, calls: number) => Promise<void>,
): Promise<number> {
  for (let last = 1; ; last++) {
    await using world = await startWorld({ propagationMs: 2_000 });
    const spec = specOf(newId());
    await prepare(world, spec);
    const made = await dyingAfter(world, last, (grants, signal) => act(grants, spec, signal));
    await after(world, spec, last);
    if (made < last) return made;
  }
}

const nothing = async () => undefined;
const issued = (world: World, spec: ReturnType<typeof specOf>) => world.grants.issue(spec);

test('issue, died, issued again: one working grant', async () => {
  const calls = await everyCrash(
    nothing,
    (grants, spec, signal) => grants.issue(spec, signal),
    async (world, spec) => {
      const grant = await world.grants.issue(spec);
      expect(await world.grants.list()).toEqual([grant]);
      expect(world.lookalike.roles()).toHaveLength(1);
      expect(await canWork(world, await credentialsOf(world, spec.access))).toBe(true);
    },
  );
  expect(calls).toBeGreaterThan(15);
});

test('issue, died: what is left ends by itself, and is listed if anything is', async () => {
  await everyCrash(
    nothing,
    (grants, spec, signal) => grants.issue(spec, signal),
    async (world, spec, last) => {
      expect(await world.grants.list()).toHaveLength(last > 1 ? 1 : 0);
      world.clock.advance(spec.endsAt - world.clock.now());
      const credentials = await credentialsOf(world, spec.access).catch(() => undefined);
      if (credentials) expect(await canWork(world, credentials)).toBe(false);
    },
  );
});

test('issue, died, revoked: nothing is left', async () => {
  await everyCrash(
    nothing,
    (grants, spec, signal) => grants.issue(spec, signal),
    async (world, spec) => {
      await world.grants.revoke(spec.access);
      expect(world.lookalike.roles()).toEqual([]);
    },
  );
});

test('revoke, died, revoked again: nothing is left; issued again instead: never a second life', async () => {
  const calls = await everyCrash(
    issued,
    (grants, spec, signal) => grants.revoke(spec.access, signal),
    async (world, spec) => {
      const role = world.role(spec.access);
      if (role && 'revoked' in role.inline)
        await expect(world.grants.issue(spec)).rejects.toMatchObject({ code: 'gone', retryable: false });
      await world.grants.revoke(spec.access);
      expect(world.lookalike.roles()).toEqual([]);
    },
  );
  expect(calls).toBeGreaterThan(15);
});
