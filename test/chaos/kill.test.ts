/**
 * The bot is killed just before and just after every effect of a life, alone or with its whole group, and started
 * again: one grant, one card, one end, nothing left, and a trail that verifies. Which effects there are is not written
 * down here: they are taken from lives that nobody harmed.
 */
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { localSandboxes } from '../../src/adapters/sandbox/local/local-sandboxes.ts';
import { verifyChain } from '../../src/domain/verify-chain.ts';
import { audited, cards, type Death, direct, type Lived, live } from '../support/gates/killed-life.ts';

const unharmed = await Promise.all(
  [1, 2, 3].map(async () => {
    await using lived = await live('end');
    return lived.effects;
  }),
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
      await using lived = await dyingLife(ending, death);
      const { world, id } = lived;
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
      expect((await world.entries()).filter(({ action }) => action === 'access.requested')).toHaveLength(1);
      expect(world.aws.roles()).toEqual([]);
      const { dir, install } = world;
      const sandboxes = localSandboxes({ dataDir: `${dir}/data`, install, limits: 'best-effort' });
      expect(await sandboxes.list()).toEqual([]);

      expect(cards(world, id)).toHaveLength(1);
      for (const tag of ['asked', 'active', 'over'])
        expect([tag, direct(world, tag).length]).toEqual([tag, 1]);
      const last = (await world.entries()).length;
      await world.slack.waitFor(() => audited(world).length >= last, 30_000);
      await lived.bot.stop();
      const posted = audited(world);
      expect(posted).toEqual(Array.from(posted, (_, at) => at + 1));
      const key = createPublicKey(await readFile(world.env.PROD_ACCESS_SIGNING_KEY ?? ''));
      expect(verifyChain(await world.lines(), [key]).flaws).toEqual([]);
    },
    120_000,
  );
});

/** What the life of a busy machine leaves out is lived again, until it is died in. */
async function dyingLife(ending: 'end' | 'done', death: Death): Promise<Lived> {
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const lived = await live(ending, death);
    if (lived.died) return lived;
    await lived[Symbol.asyncDispose]();
  }
  throw new Error(`no life came to ${death.effect}`);
}
