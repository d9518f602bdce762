/**
 * The audit channel. Each message carries one or more entries: their lines to read, and in its metadata the chain and
 * each entry's number and full hash, so that the channel witnesses the stream.
 */
import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { Entry, Head } from '../../domain/audit.ts';
import type { Clock } from '../../ports/clock.ts';
import type { TrailChannel } from '../../ports/trail-channel.ts';
import { entryLine } from '../../words/entry-line.ts';
import { faultFrom } from './client.ts';
import type { SlackIdentity } from './identity.ts';

const eventType = 'prod_access_trail';
/** A section holds 3,000 characters, a message about 13,000 in all. */
const sectionMax = 2_900;
const messageMax = 11_000;
const entriesMax = 40;

const payload = z.looseObject({ chain: z.string(), seqs: z.array(z.number()), hashes: z.array(z.string()) });
const history = z.looseObject({
  messages: z.array(
    z.looseObject({
      bot_id: z.string().optional(),
      metadata: z.looseObject({ event_type: z.string(), event_payload: z.unknown() }).optional(),
    }),
  ),
  response_metadata: z.looseObject({ next_cursor: z.string().optional() }).optional(),
});

export type TrailChannelDeps = {
  readonly client: WebClient;
  readonly channel: () => string;
  readonly identity: () => Promise<SlackIdentity>;
  readonly clock: Clock;
  /** Least time between two messages: Slack takes about one a second per channel. */
  readonly gapMs: number;
};

export function slackTrailChannel({
  client,
  channel,
  identity,
  clock,
  gapMs,
}: TrailChannelDeps): TrailChannel {
  let postedAt = 0;

  async function postOne(entries: readonly Entry[]): Promise<void> {
    const wait = postedAt + gapMs - clock.now();
    if (wait > 0) await clock.sleep(Math.min(wait, gapMs));
    postedAt = clock.now();
    const lines = entries.map(entryLine);
    await client.chat.postMessage({
      channel: channel(),
      text:
        lines.length === 1
          ? (lines[0] ?? '')
          : `${lines.length} entries, #${entries[0]?.seq} to #${entries.at(-1)?.seq}`,
      blocks: sections(lines).map((text) => ({ type: 'section', text: { type: 'mrkdwn', text } })),
      metadata: {
        event_type: eventType,
        event_payload: {
          chain: entries[0]?.chain ?? '',
          seqs: entries.map(({ seq }) => seq),
          hashes: entries.map(({ hash }) => hash),
        } as never,
      },
      unfurl_links: false,
      unfurl_media: false,
    });
  }

  async function* ours(): AsyncGenerator<readonly Head[]> {
    const { botId } = await identity();
    let cursor: string | undefined;
    do {
      const page = history.parse(
        await client.conversations.history({
          channel: channel(),
          limit: 100,
          include_all_metadata: true,
          ...(cursor === undefined ? {} : { cursor }),
        }),
      );
      for (const { bot_id, metadata } of page.messages) {
        if (bot_id !== botId || metadata?.event_type !== eventType) continue;
        const parsed = payload.safeParse(metadata.event_payload);
        if (!parsed.success) continue;
        const { chain, seqs, hashes } = parsed.data;
        yield seqs.map((seq, index) => ({ chain, seq, hash: hashes[index] ?? '' }));
      }
      cursor = page.response_metadata?.next_cursor === '' ? undefined : page.response_metadata?.next_cursor;
    } while (cursor !== undefined);
  }

  return {
    last: async () => {
      try {
        for await (const heads of ours())
          return heads.reduce((one, other) => (other.seq > one.seq ? other : one));
        return undefined;
      } catch (error) {
        throw faultFrom('conversations.history', error);
      }
    },
    post: async (entries) => {
      try {
        for (const group of groups(entries)) await postOne(group);
      } catch (error) {
        throw faultFrom('chat.postMessage', error);
      }
    },
  };
}

/** Cuts entries into messages: of one chain each, and under Slack's limits. */
function groups(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const cut: Entry[][] = [];
  let size = 0;
  for (const entry of entries) {
    const length = entryLine(entry).length + 1;
    const open = cut.at(-1);
    if (
      open === undefined ||
      open.length >= entriesMax ||
      size + length > messageMax ||
      open[0]?.chain !== entry.chain
    ) {
      cut.push([entry]);
      size = length;
    } else {
      open.push(entry);
      size += length;
    }
  }
  return cut;
}

function sections(lines: readonly string[]): readonly string[] {
  const texts: string[] = [];
  for (const line of lines) {
    const open = texts.at(-1);
    if (open === undefined || open.length + line.length + 1 > sectionMax) texts.push(line);
    else texts[texts.length - 1] = `${open}\n${line}`;
  }
  return texts;
}
