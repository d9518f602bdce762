/**
 * The trail as an outsider reads it: the stream straight from Redis, its witness from the audit channel's messages.
 * Nothing here asks the bot.
 */
import type { KeyObject } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Entry, Head } from '../../domain/audit.ts';
import { readEntry, type StoredLine, type Verified, verifyChain } from '../../domain/verify-chain.ts';
import type { SlackLookalike } from '../slack/contract.ts';
import { channels } from './workspace.ts';

export const trailKey = '{prod-access}:audit';

export type Row = StoredLine & { readonly id: string };

export async function readRows(redis: Redis): Promise<readonly Row[]> {
  const rows = await redis.xrange(trailKey, '-', '+');
  return rows.map(([id, fields]) => {
    const sig = fieldOf(fields, 'sig');
    return { id, entry: fieldOf(fields, 'entry') ?? '', ...(sig === undefined ? {} : { sig }) };
  });
}

function fieldOf(fields: readonly string[], name: string): string | undefined {
  const at = fields.findIndex((each, place) => place % 2 === 0 && each === name);
  return at < 0 ? undefined : fields[at + 1];
}

export async function readEntries(redis: Redis): Promise<readonly Entry[]> {
  return (await readRows(redis)).flatMap(({ entry }) => readEntry(entry) ?? []);
}

const metadata = z.looseObject({
  event_payload: z.looseObject({
    chain: z.string(),
    seqs: z.array(z.number()),
    hashes: z.array(z.string()),
  }),
});

/** Every entry that the audit channel tells of, in the order in which it was told. */
export function witnessed({ human, workspace }: SlackLookalike): readonly Head[] {
  return human.messages(channels.audit, 'U0LEA').flatMap((message) => {
    const read = metadata.safeParse(message.metadata);
    if (message.bot_id !== workspace.app.bot_id || !read.success) return [];
    const { chain, seqs, hashes } = read.data.event_payload;
    return seqs.map((seq, at) => ({ chain, seq, hash: hashes[at] ?? '' }));
  });
}

/**
 * What `audit verify` finds: the stream against the public key and against what the channel saw of its chains. A chain
 * that is no longer in the stream at all is not counted: that it was lost stands in the new chain's first entry.
 */
export async function verifyTrail(
  redis: Redis,
  slack: SlackLookalike,
  publicKey: KeyObject,
): Promise<Verified> {
  const rows = await readRows(redis);
  const chains = new Set(rows.flatMap(({ entry }) => readEntry(entry)?.chain ?? []));
  const heads = witnessed(slack).filter(({ chain }) => chains.has(chain));
  return verifyChain(rows, [publicKey], heads);
}

/**
 * Puts another text into one row of the stream, as somebody with Redis's password would: a stream cannot be edited in
 * place, so it is written anew under the same ids, in one transaction.
 */
export async function rewriteRow(redis: Redis, id: string, text: string): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    await redis.watch(trailKey);
    const rows = await redis.xrange(trailKey, '-', '+');
    const writing = redis.multi().del(trailKey);
    for (const [at, fields] of rows) {
      const place = fields.indexOf('entry') + 1;
      writing.xadd(trailKey, at, ...(at === id ? fields.with(place, text) : fields));
    }
    if ((await writing.exec()) !== null) return;
  }
  throw new Error('the stream moved on at every attempt to rewrite it');
}
