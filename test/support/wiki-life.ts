/** Short cuts through a life for stories that are about something else. */
import type { Entry } from '../../src/domain/audit.ts';
import type { World } from './world.ts';

/** Asks for `wiki` as Ana and returns the access id. */
export async function askForWiki(world: World, duration = '4s'): Promise<string> {
  const before = (await world.entries()).length;
  await world.slack.human.command(
    'U0ANA',
    'C0GENERAL',
    '/prod-access',
    `wiki ${duration} the wiki is down and must be read`,
  );
  const requested = await world.untilEntry(
    (entry) => entry.action === 'access.requested' && entry.seq > before,
  );
  if (requested.access === undefined) throw new Error('no access id');
  return requested.access;
}

/** Clicks Approve as Lea on the card of this access once it is there. */
export async function approveAsLea(world: World, access: string): Promise<void> {
  const card = await world.slack.waitFor(
    () =>
      world.slack.human
        .messages('C0APPROVE', 'U0LEA')
        .find((each) => JSON.stringify(each.blocks ?? '').includes(access)),
    15_000,
  );
  await world.slack.human.click('U0LEA', { channel: 'C0APPROVE', ts: card.ts }, 'approve');
}

/** Asks as Ana, approves as Lea, and returns the access id once it is active. */
export async function activeAccess(world: World, duration = '10m'): Promise<string> {
  const access = await askForWiki(world, duration);
  await approveAsLea(world, access);
  await world.untilEntry(of(access, 'access.active'), 60_000);
  return access;
}

export function of(access: string, ...actions: string[]): (entry: Entry) => boolean {
  return (entry) => entry.access === access && actions.includes(entry.action);
}
