/** Who stands before the web door. */
import { createSecretKey, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { makeCookies } from '../../../src/doors/web/cookies.ts';
import { personAt, presentAt } from '../../../src/doors/web/people.ts';
import { noon, team } from '../../support/builders.ts';
import { memoryWorld } from '../../support/memory-world.ts';

async function askedBy(theirTeam: string) {
  const { deps: flow, clock } = memoryWorld();
  const cookies = makeCookies({ key: createSecretKey(randomBytes(32)), secure: false, now: clock.now });
  const who = { user: 'U0ANA', team: theirTeam, name: 'ana', since: noon };
  const [cookie] = (await cookies.seal('session', who)).split(';');
  const request = { headers: { cookie } } as IncomingMessage;
  return { request, deps: { cookies, flow, team: async () => team } };
}

it('is whom the cookie names', async () => {
  const { request, deps } = await askedBy(team);
  expect(await personAt(deps, request)).toEqual({ id: 'U0ANA', name: 'ana' });
});

it('is nobody with a cookie of another workspace, such as the one that the bot was moved from', async () => {
  const { request, deps } = await askedBy('T0OTHER');
  expect(await personAt(deps, request)).toBeUndefined();
  expect(await presentAt(deps, request)).toBeUndefined();
});
