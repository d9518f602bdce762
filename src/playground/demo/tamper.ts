/**
 * Somebody who can write to Redis forges an approval and edits the trail. What the bot makes of it, and what checking
 * the trail finds. In the end both are put back, so that the demo can go on.
 */
import type { Entry } from '../../domain/audit.ts';
import { readEntry } from '../../domain/verify-chain.ts';
import type { Parts } from './parts.ts';
import { type Say, type Tale, until } from './story.ts';
import { type Row, readEntries, readRows, rewriteRow, verifyTrail } from './trail.ts';
import { channels, mal } from './workspace.ts';

export function tamper(parts: Parts): Tale {
  return async (say, signal) => {
    const { slack, redis, house, aws } = parts;
    const asked = await askAsMal(parts, signal);
    if (asked === undefined) return say('bad', "Mal's request did not come through; is the bot alive?");
    const { access, target } = asked;
    say('plain', `Mal asked for ${target} (${access}). Nobody approved it.`);

    const before = new Set((await readEntries(redis.client)).map(({ hash }) => hash));
    const putBack = await forgeRecord(parts, access, say);
    const edit = editFor(await readRows(redis.client));
    await rewriteRow(redis.client, edit.row.id, edit.text);
    say(
      'bad',
      `Written into the stream by hand: entry #${edit.seq} ${edit.action} now names ${edit.now} instead of ${edit.was}.`,
    );
    try {
      say('wait', 'Waiting for the bot to look at the record …');
      const alarm = await until(
        async () =>
          (await readEntries(redis.client)).find(
            ({ action, access: of, hash }) => action === 'alarm.raised' && of === access && !before.has(hash),
          ),
        30_000,
        signal,
      );
      if (alarm === undefined) say('bad', 'The bot has raised no alarm within 30 s.');
      else
        say(
          'good',
          `The bot refused. #${alarm.seq} alarm.raised: ${alarm.details.what}, "${alarm.details.why}".`,
        );
      const granted = aws.roles().some(({ name }) => name === access);
      say(granted ? 'bad' : 'good', granted ? `IAM holds a role ${access}!` : `IAM holds no role ${access}.`);

      const { entries, flaws } = await verifyTrail(redis.client, slack, house.publicKey);
      say(
        flaws.length === 0 ? 'bad' : 'good',
        `Verified ${entries} entries against key and channel: ${flaws.length === 0 ? 'nothing found' : `${flaws.length} found`}.`,
      );
      for (const { kind, says } of flaws) say('good', `Found (${kind}): ${says}.`);
    } finally {
      await putBack();
      await rewriteRow(redis.client, edit.row.id, edit.row.entry);
    }
    await slack.human.command(mal, channels.general, '/prod-access', `done ${access}`);
    const { entries, flaws } = await verifyTrail(redis.client, slack, house.publicKey);
    say(
      flaws.length === 0 ? 'good' : 'bad',
      `Both were put back as they were, for the demo to go on. Verified again, ${entries} entries: ${flaws.length === 0 ? 'no flaw' : flaws.map(({ says }) => says).join('; ')}.`,
    );
  };
}

async function askAsMal(
  { slack, redis }: Parts,
  signal: AbortSignal,
): Promise<{ access: string; target: string } | undefined> {
  const since = Date.now();
  const text = 'payments-db 2m only a quick look, INC-1';
  await slack.human.command(mal, channels.general, '/prod-access', text);
  return until(
    async () => {
      const entry = (await readEntries(redis.client)).findLast(
        ({ action, actor, at }) =>
          action === 'access.requested' && actor.id === mal && Date.parse(at) >= since,
      );
      return entry?.access === undefined ? undefined : { access: entry.access, target: entry.target ?? '' };
    },
    10_000,
    signal,
  );
}

/** Makes the record say "approved", votes and all. Returns how to put the true one back. */
async function forgeRecord({ redis }: Parts, access: string, say: Say): Promise<() => Promise<unknown>> {
  const key = `{prod-access}:access:${access}`;
  const row = (await redis.client.hget(key, 'row')) ?? '';
  const record: { access: Record<string, unknown> } = JSON.parse(row);
  const { lapsesAt: _, ...rest } = record.access;
  const at = Date.now();
  const votes = ['U0LEA', 'U0SEC'].map((person) => ({ person, answer: 'approve', at }));
  const forged = {
    ...rest,
    state: 'approved',
    votes,
    basis: { by: 'votes' },
    approvedAt: at,
    giveUpAt: at + 600_000,
  };
  await redis.client.hset(key, 'row', JSON.stringify({ ...record, access: forged }));
  say('bad', 'Written into Redis by hand: its record now says "approved", by Lea and Sena, who never did.');
  return () => redis.client.hset(key, 'row', row);
}

type Edit = {
  readonly row: Row;
  readonly text: string;
  readonly seq: number;
  readonly action: string;
  readonly was: string;
  readonly now: string;
};

/** Changes who did it in the newest approval, or, where nobody has approved anything yet, in the trail's first entry. */
function editFor(rows: readonly Row[]): Edit {
  const read = rows.flatMap((row) => {
    const entry = readEntry(row.entry);
    return entry === undefined ? [] : [{ row, entry }];
  });
  const chosen = read.findLast(({ entry }) => entry.action === 'vote.approved') ?? read[0];
  if (chosen === undefined) throw new Error('the trail is empty');
  const { row, entry } = chosen;
  const actor = { ...entry.actor, id: 'U0ODO', name: 'Odo Lind' };
  const text = JSON.stringify({ ...entry, actor } satisfies Entry);
  return { row, text, seq: entry.seq, action: entry.action, was: entry.actor.name, now: actor.name };
}
