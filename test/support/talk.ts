/** What people say to the bot in Slack and the words that they get back, for stories about words. */
import { readFile, writeFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import type { Entry } from '../../src/domain/audit.ts';
import type { MessagePlace } from '../../src/playground/slack/human.ts';
import { isObject, type JsonObject } from '../../src/playground/slack/wire.ts';
import type { World, WorldPolicy } from './world.ts';

/** What one person was told about one act, and the refusals that it left in the trail. */
export type Said = { readonly words: string; readonly refusals: readonly Entry[] };

export type Talk = ReturnType<typeof talkIn>;

export function talkIn(world: World) {
  const { slack } = world;

  const heard = (user: string): readonly string[] =>
    slack.workspace.ephemerals.filter(({ to }) => to === user).map(({ text }) => text);

  /** Does something as `user` and waits for the words that only they see. */
  async function during(user: string, act: () => Promise<unknown>): Promise<Said> {
    const before = (await world.entries()).length;
    const told = heard(user).length;
    await act();
    const words = await slack.waitFor(() => heard(user).slice(told)[0], 5_000);
    return { words, refusals: await refusalsSince(before, user) };
  }

  async function refusalsSince(seq: number, user?: string): Promise<readonly Entry[]> {
    return (await world.entries()).filter(
      (entry) =>
        entry.seq > seq &&
        (entry.action === 'access.refused' || entry.action === 'vote.refused') &&
        (user === undefined || entry.actor.id === user),
    );
  }

  /** `/prod-access <text>`, typed into the person's direct messages with the bot. */
  const tell = (user: string, text: string): Promise<Said> =>
    during(user, () => slack.human.command(user, slack.human.openDirect(user), '/prod-access', text));

  /** Asks, and returns the id of the access that came of it. */
  async function ask(user: string, text: string): Promise<string> {
    const { words } = await tell(user, text);
    const id = /acc_[a-z2-7]{16}/.exec(words)?.[0];
    if (id === undefined) throw new Error(`nothing was asked for: ${words}`);
    return id;
  }

  /** The card of an access in the approvers' channel. */
  async function cardOf(access: string, channel = 'C0APPROVE'): Promise<MessagePlace> {
    const { ts } = await slack.waitFor(
      () => cardsIn(channel).find((each) => JSON.stringify(each.blocks ?? '').includes(access)),
      15_000,
    );
    return { channel, ts };
  }

  const cardsIn = (channel: string) =>
    (slack.workspace.messages.get(channel) ?? []).filter(
      ({ metadata }) => isObject(metadata?.event_payload) && metadata.event_payload.tag === 'card',
    );

  /** Every copy of an access's card, wherever it stands. */
  const copiesOf = (access: string) =>
    [...slack.workspace.messages.keys()].flatMap((channel) =>
      cardsIn(channel)
        .filter((each) => JSON.stringify(each.blocks ?? '').includes(access))
        .map((message) => ({ channel, message })),
    );

  /** Sends a click by somebody whom Slack's client would not let click, or bent in some other way. */
  const forgedClick = async (
    place: MessagePlace,
    ref: string,
    bend: (payload: JsonObject) => JsonObject,
    as = 'U0LEA',
  ): Promise<void> => {
    await slack.deliverRaw('interactive', bend(slack.human.clickPayload(as, place, ref)));
  };

  return { heard, during, refusalsSince, tell, ask, cardOf, cardsIn, copiesOf, forgedClick };
}

/** Writes another policy and waits until the bot says that it is in force. */
export async function changePolicy(world: World, change: (policy: WorldPolicy) => void): Promise<void> {
  const path = world.env.PROD_ACCESS_POLICY ?? '';
  const policy = parse(await readFile(path, 'utf8')) as WorldPolicy;
  change(policy);
  const before = (await world.entries()).length;
  await writeFile(path, stringify(policy));
  await world.untilEntry(({ action, seq }) => action === 'policy.loaded' && seq > before);
}

/** The codes of refusals, in the trail's order. */
export function codes({ refusals }: Pick<Said, 'refusals'>): readonly unknown[] {
  return refusals.map(({ action, details }) => `${action} ${String(details.code)}`);
}
