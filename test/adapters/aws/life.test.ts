import { expect, test } from 'vitest';
import { newId } from '../../support/builders.ts';
import { specOf, startWorld } from './world.ts';

test('x', async () => {
  await using world = await startWorld({ propagationMs: 4000 });
  const access = newId();
  console.log(await world.grants.issue(specOf(access)));
  console.log(JSON.stringify(world.role(access), null, 1));
  console.log(await world.grants.list());
  await world.grants.revoke(access);
  expect(world.lookalike.roles()).toEqual([]);
  console.log(world.progress, world.lookalike.counts(), world.clock.now());
  console.log(await world.grants.check([specOf(access).aws]));
});
