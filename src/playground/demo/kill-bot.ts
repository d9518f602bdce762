/** SIGKILL to the bot: what stood meanwhile, when it came back, and whether trail and channel lost anything. */
import type { Parts } from './parts.ts';
import { sayStanding } from './standing.ts';
import { clock, seconds, type Tale, until } from './story.ts';
import { readEntries, verifyTrail, witnessed } from './trail.ts';

export function killBot(parts: Parts): Tale {
  return async (say, signal) => {
    const { bot, redis, slack, house } = parts;
    const before = (await readEntries(redis.client)).at(-1);
    const pid = await bot.kill();
    if (pid === undefined) return say('plain', 'The bot is not running at this moment; it is being started.');
    const killedAt = Date.now();
    say('bad', `Killed: process ${pid} got SIGKILL at ${clock(killedAt)} and is gone. It could not tidy up.`);
    if (before !== undefined)
      say('plain', `The trail's last entry at that moment: #${before.seq} ${before.action}.`);
    const roles = await sayStanding(parts, say);
    if (roles.length === 0)
      say('plain', 'No access is open. Open one and press again to see its end hold without the bot.');

    say('wait', 'Waiting for the supervisor to start it anew …');
    const back = await until(() => bot.status().state === 'ready' && bot.status(), 60_000, signal);
    if (back === undefined) return say('bad', 'It did not get ready within a minute; bot.log says why.');
    say(
      'good',
      `Started anew as process ${back.pid}, ready ${seconds(back.since - killedAt)} after the kill.`,
    );
    const started = await until(
      async () =>
        (await readEntries(redis.client)).find(
          ({ action, at }) => action === 'bot.started' && Date.parse(at) >= killedAt,
        ),
      30_000,
      signal,
    );
    if (started === undefined) return say('bad', 'Its start does not stand in the trail.');
    const same = started.chain === before?.chain ? 'the same chain went on' : 'a new chain began';
    say('good', `The trail says so: #${started.seq} bot.started; ${same}.`);

    say('wait', 'Waiting for #prod-audit to catch up …');
    const told = await until(
      () => witnessed(slack).find(({ hash }) => hash === started.hash),
      60_000,
      signal,
    );
    if (told === undefined) return say('bad', '#prod-audit has not caught up within a minute.');
    const { entries, flaws } = await verifyTrail(redis.client, slack, house.publicKey);
    const verdict = flaws.length === 0 ? 'no flaw' : flaws.map(({ says }) => says).join('; ');
    say(
      flaws.length === 0 ? 'good' : 'bad',
      `Caught up: #prod-audit tells of #${told.seq}. Stream held against channel, ${entries} entries: ${verdict}.`,
    );
  };
}
