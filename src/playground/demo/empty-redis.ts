/** FLUSHALL on the bot's Redis: who noticed, what the new chain says of the old one, and how the open accesses ended. */
import { standingRole } from '../world-view.ts';
import type { Parts } from './parts.ts';
import { isStanding } from './standing.ts';
import { clock, type Say, seconds, type Tale, until } from './story.ts';
import { readEntries, witnessed } from './trail.ts';

export function emptyRedis(parts: Parts): Tale {
  return async (say, signal) => {
    const { redis, slack, aws } = parts;
    const last = (await readEntries(redis.client)).at(-1);
    const keys = await redis.client.dbsize();
    await redis.client.flushall();
    const emptiedAt = Date.now();
    say('bad', `FLUSHALL at ${clock(emptiedAt)}: ${keys} keys gone, ledger, queue and trail.`);
    const told = witnessed(slack).at(-1);
    if (told !== undefined)
      say('plain', `#prod-audit still holds the trail up to #${told.seq} (${told.hash.slice(0, 8)}).`);
    const roles = aws.roles().map(standingRole);
    for (const { name, endsAt } of roles)
      say(
        'plain',
        `IAM still holds the role ${name}, and nothing in Redis knows of it. Its policy "end" says ${endsAt === undefined ? 'nothing' : clock(endsAt)}.`,
      );
    if (roles.length === 0)
      say('plain', 'No access is open. Open one and press again to see it end without Redis.');

    say('wait', 'Waiting for the bot to notice …');
    const lost = await until(
      async () => (await readEntries(redis.client)).find(({ action }) => action === 'ledger.lost'),
      90_000,
      signal,
    );
    if (lost === undefined) return say('bad', 'The bot has not noticed within 90 s.');
    const { chain, seq, hash, why } = lost.details;
    const after = seconds(Date.parse(lost.at) - emptiedAt);
    say('good', `Noticed after ${after}. #${lost.seq} ledger.lost begins the chain ${lost.chain}: "${why}".`);
    say(
      hash === last?.hash ? 'good' : 'plain',
      `It names the last entry it saw of the old chain ${chain}: #${seq}, ${String(hash).slice(0, 8)}.${hash === last?.hash ? ' That is the very entry that stood last.' : ''}`,
    );
    const alarm = await until(
      async () => (await readEntries(redis.client)).find(({ action }) => action === 'alarm.raised'),
      10_000,
      signal,
    );
    if (alarm !== undefined) say('good', `#${alarm.seq} alarm.raised: "${alarm.details.what}".`);
    for (const role of roles) await sayEnd(parts, say, role.name, role.endsAt, signal);
  };
}

/** The sweep looks at the world every minute, so an end that nobody timed is found within that. */
const graceMs = 100_000;

async function sayEnd(
  parts: Parts,
  say: Say,
  name: string,
  endsAt: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  say('wait', `Waiting for the end of ${name} …`);
  const within = Math.max(0, (endsAt ?? 0) - Date.now()) + graceMs;
  const gone = await until(() => !isStanding(parts, name), within, signal);
  if (gone === undefined) return say('bad', `The role ${name} still stands; its policy refuses everything.`);
  const goneAt = Date.now();
  const entry = await until(
    async () => (await readEntries(parts.redis.client)).find(({ access }) => access === name),
    15_000,
    signal,
  );
  const end = endsAt === undefined ? '' : `, ${seconds(goneAt - endsAt)} after the end that it carried`;
  const by =
    entry === undefined
      ? ''
      : ` The trail: #${entry.seq} ${entry.action}${'why' in entry.details ? `, "${entry.details.why}"` : ''}.`;
  say('good', `The role ${name} is gone at ${clock(goneAt)}${end}.${by}`);
}
