/**
 * The bot is killed just before and just after every effect of a life, alone or with its whole group, and started
 * again: one grant, one card, one end, nothing left, and a trail that verifies. Which effects there are is not written
 * down here: they are taken from lives that nobody harmed.
 */
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { localSandboxes } from '../../src/adapters/sandbox/local/local-sandboxes.ts';
import { verifyChain } from '../../src/domain/verify-chain.ts';
import { audited, cards, direct, type Ground, openGround } from '../support/gates/ground.ts';
import { live } from '../support/gates/killed-life.ts';

/** Grounds where nobody lives at the moment and all has gone well. */
const free: Ground[] = [];
afterAll(async () => {
  await using ends = new AsyncDisposableStack();
  for (const ground of free) ends.use(ground);
  for (const ground of free) {
    await ground.bot.stop();
    await expectTrail(ground);
  }
}, 120_000);

const unharmed = await Promise.all(
  [1, 2, 3].map(async () =>
    freeAfter(await openGround(), async (ground) => (await live(ground, 'end')).effects),
  ),
);
const [first = [], ...others] = unharmed;
const effects = first.filter((effect) => others.every((each) => each.includes(effect)));

/**
 * A start again takes longer than a short access lasts on a busy machine: whoever dies before the end has come lives a
 * long access, and gives it back.
 */
function endingFor(effect: string): 'end' | 'done' {
  // The warning belongs to a short life: a long one is given back before it comes.
  const isLate = unharmed.every((life) => life.indexOf(effect) >= life.indexOf('entry access.warned'));
  // The trail is told in its own time.
  return isLate && !effect.includes('trail') ? 'end' : 'done';
}

/** Each gap between two effects is died in twice: alone before the later one, as a group after the earlier one. */
const deaths = effects.flatMap((effect) =>
  [{ when: 'before', whom: 'process' } as const, { when: 'after', whom: 'group' } as const]
    // The sandbox's own steps are seen when they are done.
    .filter(({ when }) => when === 'after' || !effect.startsWith('sandbox'))
    .map((death) => ({ effect, ...death, ending: endingFor(effect) })),
);

it('finds every kind of effect', () => {
  for (const wanted of [
    'request remembered',
    'entry access.requested',
    'job addStandardJob notify',
    'job addDelayedJob lapse',
    'notice claimed card channel:C0APPROVE',
    'slack chat.postMessage card C0APPROVE',
    'entry vote.approved + access.approved',
    'sandbox fenced',
    'entry sandbox.opened',
    'job addDelayedJob revoke',
    'aws CreateRole',
    'aws PutRolePolicy end',
    'aws AttachRolePolicy',
    'aws AssumeRole',
    'entry grant.issued + access.active',
    'entry access.warned',
    'entry access.ending',
    'aws PutRolePolicy revoked',
    'entry sandbox.closed',
    'sandbox directory removed',
    'aws AssumeRole again',
    'aws DetachRolePolicy',
    'aws DeleteRole',
    'entry grant.revoked + access.revoked',
    'job moveToFinished revoke',
    'slack chat.postMessage over direct',
  ])
    expect(effects).toContain(wanted);
});

describe('killed', () => {
  it.concurrent.each(deaths)(
    '$when $effect ($whom)',
    async ({ ending, ...death }) => {
      // What the life of a busy machine leaves out is lived again, until it is died in.
      for (let attempt = 0; attempt < 4; attempt += 1) {
        const died = await freeAfter(await groundFor(death.effect, attempt), async (ground) => {
          const lived = await live(ground, ending, death);
          if (lived.died) await expectConverged(ground, lived.id);
          return lived.died;
        });
        if (died) return;
      }
      throw new Error(`no life came to ${death.effect}`);
    },
    120_000,
  );
});

/** One that has been lived in for a while; where that does not do, one whose bot was just started; then a new one. */
async function groundFor(effect: string, attempt: number): Promise<Ground> {
  const ground = attempt < 2 ? free.shift() : undefined;
  if (ground === undefined) return await openGround();
  // A bot asks once for the direct messages with a person.
  if (attempt === 1 || effect === 'slack conversations.open') {
    await ground.bot.stop();
    await ground.startBot();
  }
  return ground;
}

async function freeAfter<T>(ground: Ground, act: (ground: Ground) => Promise<T>): Promise<T> {
  try {
    const result = await act(ground);
    free.push(ground);
    return result;
  } catch (error) {
    await ground[Symbol.asyncDispose]();
    throw error;
  }
}

/** One grant, one card, one end, nothing left. */
async function expectConverged(ground: Ground, id: string): Promise<void> {
  const { world, past } = ground;
  const own = (await world.entries()).filter((entry) => entry.access === id).map(({ action }) => action);
  const once = [
    'access.requested',
    'vote.approved',
    'access.approved',
    'sandbox.opened',
    'grant.issued',
    'access.active',
    'access.ending',
    'sandbox.closed',
    'grant.revoked',
    'access.revoked',
  ];
  expect(own.filter((action) => once.includes(action)).toSorted()).toEqual(once.toSorted());
  const requested = (await world.entries()).filter(({ action }) => action === 'access.requested');
  expect(requested.map(({ access }) => access)).toEqual(past);
  expect(world.aws.roles()).toEqual([]);
  const { dir, install } = world;
  const sandboxes = localSandboxes({ dataDir: `${dir}/data`, install, limits: 'best-effort' });
  expect(await sandboxes.list()).toEqual([]);

  expect(cards(world, id)).toHaveLength(1);
  for (const tag of ['asked', 'active', 'over'])
    expect([tag, direct(world, id, tag).length]).toEqual([tag, 1]);
  await expectWholeTrail(ground);
}

async function expectWholeTrail(ground: Ground): Promise<void> {
  const last = (await ground.world.entries()).length;
  await ground.world.slack.waitFor(() => audited(ground.world).length >= last, 30_000);
  await expectTrail(ground);
}

/** The channel tells of each entry of all lives so far once, in order, and the stream verifies. */
async function expectTrail({ world }: Ground): Promise<void> {
  const posted = audited(world);
  expect(posted).toEqual(Array.from(posted, (_, at) => at + 1));
  const key = createPublicKey(await readFile(world.env.PROD_ACCESS_SIGNING_KEY ?? ''));
  expect(verifyChain(await world.lines(), [key]).flaws).toEqual([]);
}
