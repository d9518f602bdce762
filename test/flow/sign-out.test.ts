/** Signing out is final for all that was signed in until then, and for nothing that comes after. */
import { expect, it } from 'vitest';
import { counts, signInMs, signOut } from '../../src/flow/sign-out.ts';
import { noon } from '../support/builders.ts';
import { handClock } from '../support/hand-clock.ts';
import { memorySignOuts } from '../support/memory-sign-outs.ts';

function stage() {
  const clock = handClock(noon);
  const signOuts = memorySignOuts(clock);
  const deps = { clock, signOuts };
  return { ...deps, deps };
}

it('ends every sign-in of that person up to now, and none of anybody else', async () => {
  const { deps, clock } = stage();
  const here = { person: 'U0ANA', since: noon - 1_000 };
  const elsewhere = { person: 'U0ANA', since: noon };
  const ben = { person: 'U0BEN', since: noon - 1_000 };
  expect(await Promise.all([here, elsewhere, ben].map((each) => counts(deps, each)))).toEqual([
    true,
    true,
    true,
  ]);
  await signOut(deps, here);
  clock.tick(1);
  const after = { person: 'U0ANA', since: noon + 1 };
  const all = [here, elsewhere, ben, after];
  expect(await Promise.all(all.map((each) => counts(deps, each)))).toEqual([false, false, true, true]);
});

it('ends the sign-in that it was asked by, also where the clock was set back since', async () => {
  const { deps, clock } = stage();
  const here = { person: 'U0ANA', since: noon };
  clock.tick(-5_000);
  await signOut(deps, here);
  expect(await counts(deps, here)).toBe(false);
  // For as long as a copy of it would be good.
  clock.tick(signInMs + 5_000 - 1);
  expect(await counts(deps, here)).toBe(false);
});

it('cannot be done by a sign-in that is over: a stolen cookie signs nobody out again and again', async () => {
  const { deps, clock } = stage();
  const stolen = { person: 'U0ANA', since: noon };
  await signOut(deps, stolen);
  clock.tick(1_000);
  const again = { person: 'U0ANA', since: clock.now() };
  clock.tick(1_000);
  await signOut(deps, stolen);
  expect(await counts(deps, again)).toBe(true);
});

it('fails where it cannot be kept, and nobody counts where it cannot be told', async () => {
  const { deps, signOuts } = stage();
  const here = { person: 'U0ANA', since: noon };
  signOuts.away = true;
  await expect(signOut(deps, here)).rejects.toMatchObject({ code: 'unavailable' });
  await expect(counts(deps, here)).rejects.toMatchObject({ code: 'unavailable' });
});
