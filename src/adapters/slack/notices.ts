/**
 * Messages in Slack, upserted by access, tag and place. Before a message is posted the intention is noted; after a
 * crash in between, the channel's history is searched for the message by its metadata before another is posted.
 */
import { createHash } from 'node:crypto';
import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { AccessId } from '../../domain/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Delivery, Notice, Notices, Place } from '../../ports/notices.ts';
import { NoticeFault } from '../../ports/trail-channel.ts';
import { faultFrom, slackError } from './client.ts';
import type { SlackIdentity } from './identity.ts';

const eventType = 'prod_access_notice';
/** Gone for good: there is nothing left to edit, and posting again would be a second card. */
const goneErrors = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed', 'is_archived']);

/** Where messages stand: kept by the app's store, one hash per access. */
export interface NoticeStore {
  all(access: AccessId): Promise<Readonly<Record<string, string>>>;
  /** Writes where nothing stands yet; false where something does. */
  claim(access: AccessId, field: string, value: string): Promise<boolean>;
  set(access: AccessId, field: string, value: string): Promise<void>;
}

const kept = z.union([
  z.object({ posting: z.number(), channel: z.string() }),
  z.object({ channel: z.string(), ts: z.string(), digest: z.string() }),
]);
const postAnswer = z.looseObject({ channel: z.string(), ts: z.string() });
const openAnswer = z.looseObject({ channel: z.looseObject({ id: z.string() }) });
const infoAnswer = z.looseObject({
  channel: z.looseObject({
    is_ext_shared: z.boolean().optional(),
    is_pending_ext_shared: z.boolean().optional(),
  }),
});
const history = z.looseObject({
  messages: z.array(
    z.looseObject({
      ts: z.string(),
      bot_id: z.string().optional(),
      metadata: z
        .looseObject({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) })
        .optional(),
    }),
  ),
});

export type SlackNoticesDeps = {
  readonly client: WebClient;
  readonly store: NoticeStore;
  readonly identity: () => Promise<SlackIdentity>;
  readonly clock: Pick<Clock, 'now'>;
};

export function slackNotices({ client, store, identity, clock }: SlackNoticesDeps): Notices {
  const direct = new Map<string, string>();

  async function channelOf(to: Place): Promise<string> {
    if ('channel' in to) {
      await refuseShared(to.channel);
      return to.channel;
    }
    const known = direct.get(to.person);
    if (known !== undefined) return known;
    const { channel } = openAnswer.parse(
      await call('conversations.open', () => client.conversations.open({ users: to.person })),
    );
    direct.set(to.person, channel.id);
    return channel.id;
  }

  /** A card in a channel that outsiders read would tell them who works on what. Asked anew for each card. */
  async function refuseShared(channel: string): Promise<void> {
    const { channel: info } = infoAnswer.parse(
      await call('conversations.info', () => client.conversations.info({ channel })),
    );
    if (info.is_ext_shared === true || info.is_pending_ext_shared === true) {
      throw new NoticeFault(
        'refused',
        `channel ${channel} is shared with another organisation; no card is posted there`,
      );
    }
  }

  async function upsert(notice: Notice): Promise<void> {
    const { access, tag, to, message } = notice;
    const field = `${tag} ${placeText(to)}`;
    const digest = createHash('sha256').update(JSON.stringify(message)).digest('hex').slice(0, 16);
    const text = (await store.all(access))[field];
    const standing = text === undefined ? undefined : kept.parse(JSON.parse(text));
    if (standing !== undefined && 'ts' in standing) {
      if (standing.digest === digest) return;
      await edit(standing.channel, standing.ts, notice);
      await store.set(access, field, JSON.stringify({ ...standing, digest }));
      return;
    }
    const channel = standing?.channel ?? (await channelOf(to));
    const since = standing?.posting ?? clock.now();
    if (
      standing === undefined &&
      !(await store.claim(access, field, JSON.stringify({ posting: since, channel })))
    ) {
      throw new NoticeFault('unavailable', 'somebody else is posting this message');
    }
    const found = standing === undefined ? undefined : await findPosted(notice, channel, since);
    if (found !== undefined) await edit(channel, found, notice);
    const ts = found ?? (await post(channel, notice));
    await store.set(access, field, JSON.stringify({ channel, ts, digest }));
  }

  async function post(channel: string, { access, tag, under, message }: Notice): Promise<string> {
    const answer = await call('chat.postMessage', () =>
      client.chat.postMessage({
        channel,
        ...(under === undefined ? {} : { thread_ts: under.ts }),
        text: message.text,
        blocks: message.blocks as never,
        metadata: { event_type: eventType, event_payload: { access, tag } },
        unfurl_links: false,
        unfurl_media: false,
      }),
    );
    return postAnswer.parse(answer).ts;
  }

  async function edit(channel: string, ts: string, { access, tag, message }: Notice): Promise<void> {
    try {
      await client.chat.update({
        channel,
        ts,
        text: message.text,
        blocks: message.blocks as never,
        metadata: { event_type: eventType, event_payload: { access, tag } },
      });
    } catch (error) {
      if (!goneErrors.has(slackError(error) ?? '')) throw faultFrom('chat.update', error);
    }
  }

  async function findPosted(
    { access, tag, under }: Notice,
    channel: string,
    since: number,
  ): Promise<string | undefined> {
    const { botId } = await identity();
    const window = { channel, oldest: String(Math.floor(since / 1_000) - 60), limit: 200 };
    const { messages } = history.parse(
      under === undefined
        ? await call('conversations.history', () =>
            client.conversations.history({ ...window, include_all_metadata: true }),
          )
        : await call('conversations.replies', () =>
            client.conversations.replies({ ...window, ts: under.ts, include_all_metadata: true }),
          ),
    );
    return messages.find(
      ({ bot_id, metadata }) =>
        bot_id === botId &&
        metadata?.event_type === eventType &&
        metadata.event_payload.access === access &&
        metadata.event_payload.tag === tag,
    )?.ts;
  }

  return {
    upsert: async (notice): Promise<Delivery> => {
      try {
        await upsert(notice);
        return { delivered: true };
      } catch (error) {
        const fault = faultFrom('a message', error);
        return { delivered: false, retry: fault.retryable, why: fault.message };
      }
    },
    posted: async (access, tag) =>
      Object.entries(await store.all(access)).flatMap(([field, text]) => {
        const value = kept.parse(JSON.parse(text));
        const [name, ...place] = field.split(' ');
        if (name !== tag || !('ts' in value)) return [];
        return [{ to: placeFrom(place.join(' ')), channel: value.channel, ts: value.ts }];
      }),
  };
}

function placeText(place: Place): string {
  return 'channel' in place ? `channel:${place.channel}` : `person:${place.person}`;
}

function placeFrom(text: string): Place {
  return text.startsWith('channel:')
    ? { channel: text.slice('channel:'.length) }
    : { person: text.slice('person:'.length) };
}

async function call<T>(method: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw faultFrom(method, error);
  }
}
