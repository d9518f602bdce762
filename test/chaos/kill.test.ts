/**
 * The bot is killed at every step of a life, alone or with its whole group, and started again: one grant, one card, one
 * end, nothing left, and a trail that verifies.
 */
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { localSandboxes } from '../../src/adapters/sandbox/local/local-sandboxes.ts';
import { verifyChain } from '../../src/domain/verify-chain.ts';
import { approveAsLea, askForWiki, of } from '../support/wiki-life.ts';
import { type Bot, openWorld, type World } from '../support/world.ts';

/** Each is the moment right after this effect: an entry in the trail, a call that AWS took, or one that Slack took. */
const moments = [
  { entry: 'access.requested' },
  { slack: 'chat.postMessage' },
  { entry: 'vote.approved' },
  { entry: 'access.approved' },
  { sandbox: 'state' },
  { entry: 'sandbox.opened' },
  { aws: 'CreateRole' },
  { aws: 'PutRolePolicy', nth: 1 },
  { aws: 'AttachRolePolicy' },
  { aws: 'PutRolePolicy', nth: 2 },
  { aws: 'AssumeRole' },
  { entry: 'access.active' },
  { slack: 'chat.update' },
  { entry: 'access.ending' },
  { aws: 'PutRolePolicy', nth: 3 },
  { aws: 'DetachRolePolicy' },
  { aws: 'DeleteRolePolicy', nth: 1 },
  { aws: 'DeleteRolePolicy', nth: 3 },
  { aws: 'DeleteRole' },
  { entry: 'sandbox.closed' },
  { entry: 'grant.revoked' },
  { entry: 'access.revoked' },
] as const;

type Moment = (typeof moments)[number];

/** Resolves when the moment has come, having killed the bot in the same turn where that can be. */
async function killAt(
  world: World,
  bot: Bot,
  moment: Moment,
  whom: 'process' | 'group',
  access: Promise<string>,
): Promise<void> {
  if ('entry' in moment) {
    const id = await access;
    await world.untilEntry(of(id, moment.entry), 30_000);
    return bot.kill(whom);
  }
  if ('sandbox' in moment) {
    const id = await access;
    await world.untilEntry(of(id, 'access.approved'), 30_000);
    return bot.kill(whom);
  }
  // Words about the life before may still be on their way: only this one's count.
  if ('slack' in moment) await access;
  const count = (): number =>
    ('aws' in moment ? world.aws.counts()[moment.aws] : world.slack.counts()[moment.slack]) ?? 0;
  const wanted = count() + ('nth' in moment ? moment.nth : 1);
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    if (count() >= wanted) resolve(bot.kill(whom));
  };
  const stop = 'aws' in moment ? world.aws.onChange(look) : world.slack.onChange(look);
  await promise;
  stop();
}

const shares = [0, 1].map((share) => moments.filter((_, index) => index % 2 === share));

describe.each(
  shares.map((share, index) => ({ share, whom: index === 0 ? ('process' as const) : ('group' as const) })),
)('killed ($whom)', ({ share, whom }) => {
  it('converges from every moment', async () => {
    await using world = await openWorld();
    let bot = await world.startBot();
    const ids: string[] = [];
    for (const moment of share) {
      const asked = Promise.withResolvers<string>();
      const killed = killAt(world, bot, moment, whom, asked.promise);
      const roles = world.aws.counts().CreateRole ?? 0;
      // A restart takes up to six seconds; where the end is already fixed it must come after that.
      const id = await askForWiki(world, opening(moment) ? '14s' : '3s');
      ids.push(id);
      asked.resolve(id);
      const restart = killed.then(async () => {
        bot = await world.startBot();
      });
      const approve = async (): Promise<void> => {
        if ('entry' in moment && moment.entry === 'access.requested') await restart;
        if ('slack' in moment && moment.slack === 'chat.postMessage') await restart;
        await approveAsLea(world, id);
      };
      await Promise.all([restart, approve()]);
      await world.untilEntry(of(id, 'access.revoked'), 60_000).catch((error: unknown) => {
        throw new Error(`after ${JSON.stringify(moment)}: ${String(error)}`);
      });
      const created = (world.aws.counts().CreateRole ?? 0) - roles;
      const accesses = (await world.entries())
        .filter((entry) => entry.access === id)
        .map(({ action }) => action);
      const once = (action: string): number => accesses.filter((each) => each === action).length;
      const facts = {
        moment,
        created: created <= 2,
        active: once('access.active'),
        revoked: once('access.revoked'),
        issued: once('grant.issued'),
      };
      expect(facts).toEqual({ moment, created: true, active: 1, revoked: 1, issued: 1 });
      expect(world.aws.roles()).toEqual([]);
    }
    await world.slack.waitFor(() => ids.every((id) => cards(world, id) === 1), 20_000);
    const standing = await localSandboxes({
      dataDir: `${world.dir}/data`,
      install: world.install,
      limits: 'best-effort',
    }).list();
    expect(standing).toEqual([]);
    await bot.stop();
    const key = createPublicKey(await readFile(world.env.PROD_ACCESS_SIGNING_KEY ?? ''));
    expect(verifyChain(await world.lines(), [key]).flaws).toEqual([]);
  }, 400_000);
});

/** Moments at which the access is approved and not active yet, so that its end may come before the restart is done. */
function opening(moment: Moment): boolean {
  const at = moments.indexOf(moment);
  const first = moments.findIndex((each) => 'entry' in each && each.entry === 'access.approved');
  const last = moments.findIndex((each) => 'slack' in each && each.slack === 'chat.update');
  return at >= first && at <= last;
}

function cards(world: World, id: string): number {
  return world.slack.human
    .messages('C0APPROVE', 'U0LEA')
    .filter((each) => JSON.stringify(each.blocks ?? '').includes(id)).length;
}
