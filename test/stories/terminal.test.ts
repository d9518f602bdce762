/** A terminal in the browser over the real parts: signed in, recorded, watched, cut at the end, replayed. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyRecording } from '../../src/domain/cast-chain.ts';
import { type WebPerson, webPerson } from '../support/web-person.ts';
import { activeAccess, of } from '../support/wiki-life.ts';
import { type Bot, openWorld, type World } from '../support/world.ts';

let world: World;
let bot: Bot;
const person = (id: string): WebPerson => webPerson(world, bot.port, id);

beforeAll(async () => {
  world = await openWorld();
  bot = await world.startBot();
}, 60_000);
afterAll(() => world[Symbol.asyncDispose]());

describe('a terminal', () => {
  it('is opened from the button in Slack, worked in, reloaded, and recorded to the byte', async () => {
    const access = await activeAccess(world);
    const direct = world.slack.human.openDirect('U0ANA');
    const message = await world.slack.waitFor(
      () =>
        world.slack.human
          .messages(direct, 'U0ANA')
          .find((each) => JSON.stringify(each).includes(`${access}/terminal`)),
      10_000,
    );
    expect(JSON.stringify(message)).toContain('Open terminal');

    const ana = person('U0ANA');
    const page = await ana.signIn(`/accesses/${access}/terminal`);
    expect(page.status).toBe(200);
    expect(page.text).toContain('data-writes="yes"');

    const terminal = ana.terminal(`/accesses/${access}/socket?cols=100&rows=30`);
    const { id } = await terminal.untilNews('session');
    await terminal.until(/\$ /);
    terminal.type('echo "sum $((20 + 22))"; stty size\n');
    await terminal.until(/sum 42\r\n30 100/);
    terminal.send(JSON.stringify({ type: 'resize', cols: 120, rows: 40 }));
    terminal.type('sleep 0.3; stty size\n');
    await terminal.until(/40 120/);
    terminal.close();
    await terminal.closed;

    const again = ana.terminal(`/accesses/${access}/socket?session=${String(id)}`);
    expect((await again.untilNews('session')).id).toBe(id);
    await again.until(/sum 42[\s\S]*40 120/);
    again.type('exit\n');
    expect(await again.untilNews('over')).toMatchObject({ why: 'the shell ended' });

    const ended = await world.untilEntry(of(access, 'session.ended'));
    const file = await readFile(`${world.dir}/data/recordings/${access}/${String(id)}.cast`);
    expect(ended.details).toMatchObject({
      session: id,
      bytes: file.length,
      sha256: createHash('sha256').update(file).digest('hex'),
    });
    expect(verifyRecording(file)).toMatchObject({ kind: 'whole' });
    const actions = (await world.entries()).filter((entry) => entry.access === access).map((e) => e.action);
    expect(actions.indexOf('session.started')).toBeGreaterThan(actions.indexOf('access.active'));
    expect(file.toString()).toContain('sum 42');

    const replay = await ana.get(`/accesses/${access}/sessions/${String(id)}`);
    expect(replay.status).toBe(200);
    expect(replay.text).toContain('stty size');
    const cast = /data-cast="([^"]+)"/.exec(replay.text)?.[1] ?? '';
    expect((await ana.get(cast)).text).toBe(file.toString());
    const find = /data-find="([^"]+)"/.exec(replay.text)?.[1] ?? '';
    expect(JSON.parse((await ana.get(`${find}&text=SUM+42`)).text)).toMatchObject([{ line: 'sum 42' }]);
    await world.untilEntry(of(access, 'session.viewed'));
  });

  it('is cut within a second of its end, whatever runs in it, and says why', async () => {
    const access = await activeAccess(world, '6s');
    const ana = person('U0ANA');
    await ana.signIn();
    const terminal = ana.terminal(`/accesses/${access}/socket`);
    await terminal.until(/\$ /);
    terminal.type("trap '' HUP INT TERM; while :; do echo busy; sleep 0.05; done\n");
    await terminal.until(/busy\r\nbusy/);
    const { endsAt } = (await terminal.untilNews('session')) as { endsAt: number };
    expect(await terminal.untilNews('over')).toMatchObject({ why: 'its time is up' });
    const late = Date.now() - endsAt;
    process.stdout.write(`a busy terminal was cut ${late} ms after its end\n`);
    expect(late).toBeLessThan(1_000);
    await terminal.closed;
    await world.untilEntry(of(access, 'access.revoked'), 40_000);
  });

  it('is cut when its access is revoked, by whoever may', async () => {
    const access = await activeAccess(world);
    const [ana, lea] = [person('U0ANA'), person('U0LEA')];
    await Promise.all([ana.signIn(), lea.signIn()]);
    const terminal = ana.terminal(`/accesses/${access}/socket`);
    await terminal.until(/\$ /);
    const { id } = await terminal.untilNews('session');

    const watching = lea.terminal(`/accesses/${access}/socket?session=${String(id)}`);
    await watching.until(/\$ /);
    await expect.poll(async () => (await terminal.untilNews('watched')).names).toEqual(['lea']);
    watching.type('echo "not "mine\n');
    terminal.type('echo "all "mine\n');
    await watching.until(/all mine/);
    expect(terminal.shown()).not.toContain('not mine');
    const viewed = await world.untilEntry(of(access, 'session.viewed'));
    expect(viewed).toMatchObject({ actor: { id: 'U0LEA' }, details: { session: id, live: true } });

    const begun = Date.now();
    expect((await lea.post(`/accesses/${access}/revoke`)).status).toBe(303);
    const over = await terminal.untilNews('over');
    process.stdout.write(`a terminal was cut ${Date.now() - begun} ms after the click on Revoke\n`);
    expect(String(over.why)).toMatch(/^lea revoked it/);
    expect(Date.now() - begun).toBeLessThan(1_500);
    await watching.untilNews('over');
  });

  it('leaves a truthful record when the bot is killed in the middle of it', async () => {
    const access = await activeAccess(world);
    const ana = person('U0ANA');
    await ana.signIn();
    const terminal = ana.terminal(`/accesses/${access}/socket`);
    const { id } = await terminal.untilNews('session');
    terminal.type('echo "before the "end\n');
    await terminal.until(/before the end/);
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    await bot.kill();
    await terminal.closed;
    bot = await world.startBot();
    const ended = await world.untilEntry(of(access, 'session.ended'));
    const file = await readFile(`${world.dir}/data/recordings/${access}/${String(id)}.cast`);
    expect(ended).toMatchObject({
      actor: { kind: 'bot' },
      details: { session: id, sha256: createHash('sha256').update(file).digest('hex') },
    });
    expect(file.toString()).toContain('before the end');
    // The sandbox outlived the bot, and takes a new terminal.
    const again = person('U0ANA');
    await again.signIn();
    await again.terminal(`/accesses/${access}/socket`).until(/\$ /);
  });
});
