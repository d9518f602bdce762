/** A whole life over the real parts: ask, two approver lines, 50 parallel clicks, active, end, gone, and a trail that verifies. */
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { verifyChain } from '../../src/domain/verify-chain.ts';
import { openWorld, type World } from '../support/world.ts';

async function cardOf(world: World, text = 'Access wanted'): Promise<{ channel: string; ts: string }> {
  const message = await world.slack.waitFor(
    () =>
      world.slack.human
        .messages('C0APPROVE', 'U0LEA')
        .findLast((each) => JSON.stringify(each).includes(text)),
    10_000,
  );
  return { channel: 'C0APPROVE', ts: message.ts };
}

describe.each(['http', 'socket'] as const)('over %s', (events) => {
  it('lives a whole life of an access', async () => {
    await using world = await openWorld({ events });
    const bot = await world.startBot();
    const { slack, aws } = world;
    if (events === 'socket') await slack.waitFor(() => slack.sockets() > 0, 10_000);

    const asked = await slack.human.command(
      'U0ANA',
      'C0GENERAL',
      '/prod-access',
      'payments-db 6s checkout 500s, INC-4821',
    );
    expect(asked).toEqual({ outcome: 'acknowledged' });
    const answer = slack.human.messages('C0GENERAL', 'U0ANA').at(-1)?.text;
    expect(answer).toContain('Asked for 6s of `payments-db`');

    const card = await cardOf(world);
    const clicks = ['U0LEA', 'U0LEO', 'U0SEC', 'U0ANA', 'U0OUT'].flatMap((user) =>
      Array.from({ length: 10 }, () => slack.human.click(user, card, 'approve')),
    );
    await Promise.all(clicks);

    const active = await world.untilEntry(({ action }) => action === 'access.active');
    expect(aws.counts().CreateRole).toBe(1);
    expect(aws.roles().map(({ name }) => name)).toEqual([active.access]);
    await slack.waitFor(
      () =>
        slack.human
          .messages(slack.human.openDirect('U0ANA'), 'U0ANA')
          .some(({ text }) => text.includes('*active*')),
      10_000,
    );

    const revoked = await world.untilEntry(({ action }) => action === 'access.revoked', 40_000);
    expect(revoked.access).toBe(active.access);
    expect(aws.roles()).toEqual([]);

    const entries = await world.entries();
    const actions = entries.map(({ action }) => action);
    const count = (action: string): number => actions.filter((each) => each === action).length;
    for (const once of [
      'access.requested',
      'access.approved',
      'sandbox.opened',
      'grant.issued',
      'access.active',
      'grant.revoked',
      'sandbox.closed',
      'access.revoked',
    ]) {
      expect([once, count(once)]).toEqual([once, 1]);
    }
    // Lea and Leo are of one line: whoever of them comes second is entitled, though not needed.
    expect([2, 3]).toContain(count('vote.approved'));
    expect(count('vote.approved') + count('vote.refused')).toBe(50);

    const posted = (): string =>
      slack.human
        .messages('C0AUDIT', 'U0OUT')
        .map((each) => JSON.stringify(each))
        .join('\n');
    const last = entries.at(-1);
    await slack.waitFor(() => posted().includes(`#${last?.seq} ${last?.hash.slice(0, 8)}`), 20_000);
    const carried = slack.human.messages('C0AUDIT', 'U0OUT').map((each) => JSON.stringify(each));
    for (const entry of entries) {
      const times = carried.filter((each) => each.includes(`"${entry.hash}"`)).length;
      expect([entry.seq, entry.action, times]).toEqual([entry.seq, entry.action, 1]);
    }

    expect(await bot.stop()).toBe(0);
    const key = createPublicKey(await readFile(world.env.PROD_ACCESS_SIGNING_KEY ?? ''));
    expect(verifyChain(await world.lines(), [key]).flaws).toEqual([]);
  }, 90_000);
});
