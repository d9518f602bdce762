/** Work worth keeping, fetched before the end over the real parts: by the form, to the byte, on the record. */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WebPerson, type WebTerminal, webPerson } from '../support/web-person.ts';
import { activeAccess, of } from '../support/wiki-life.ts';
import { type Bot, openWorld, type World } from '../support/world.ts';

let world: World;
let bot: Bot;
const person = (id: string): WebPerson => webPerson(world, bot.port, id);

beforeAll(async () => {
  world = await openWorld({
    policy: (policy) =>
      Object.assign(policy.targets.wiki.sandbox, { memory: '256Mi', disk: '64Mi', download: '30Mi' }),
  });
  bot = await world.startBot();
}, 60_000);
afterAll(() => world[Symbol.asyncDispose]());

let commands = 0;
/** Types a command, and waits for it to end. */
async function run(terminal: WebTerminal, command: string): Promise<void> {
  commands += 1;
  terminal.type(`${command}; echo "do"ne ${commands}\n`);
  await terminal.until(new RegExp(`done ${commands}\r\n`));
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('a file', () => {
  it('made in the terminal is fetched by the form of its page, and told of to those who approved', async () => {
    const access = await activeAccess(world);
    const card = await world.slack.waitFor(
      () =>
        world.slack.human
          .messages('C0APPROVE', 'U0LEA')
          .find((each) => JSON.stringify(each.blocks ?? '').includes(access)),
      10_000,
    );
    expect(JSON.stringify(card)).toContain('files of up to 30.0 MiB in all may be downloaded');

    const ana = person('U0ANA');
    const page = await ana.signIn(`/accesses/${access}/terminal`);
    expect(page.text).toContain(`action="/accesses/${access}/download"`);
    const terminal = ana.terminal(`/accesses/${access}/socket`);
    await terminal.until(/\$ /);
    await run(terminal, `head -c 300000 /dev/urandom >'größe "1".bin'; sha256sum größe*`);
    const [, sum] = await terminal.until(/([0-9a-f]{64}) /);

    const response = await ana.submit(`/accesses/${access}/download`, { path: 'größe "1".bin' });
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '300000',
      'content-disposition':
        'attachment; filename="gr__e _1_.bin"; filename*=UTF-8\'\'gr%C3%B6%C3%9Fe%20_1_.bin',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    expect(sha256(bytes)).toBe(sum);
    const entry = await world.untilEntry(of(access, 'file.downloaded'));
    expect(entry).toMatchObject({
      actor: { kind: 'person', id: 'U0ANA' },
      target: 'wiki',
      details: { path: '/home/engineer/größe "1".bin', bytes: 300_000, sha256: sum },
    });
    expect(await readdir(`${world.dir}/data/spool`)).toEqual([]);

    // What is left is counted.
    await run(terminal, 'truncate -s 30M big');
    const big = await ana.submit(`/accesses/${access}/download`, { path: '~/big' });
    expect(big.status).toBe(403);
    expect(await big.text()).toContain('It has 30.0 MiB, and 29.7 MiB may still be downloaded');

    await ana.post(`/accesses/${access}/done`);
    const direct = world.slack.human.openDirect('U0ANA');
    const told = await world.slack.waitFor(
      () =>
        world.slack.human
          .messages(direct, 'U0ANA')
          .find((each) => JSON.stringify(each).includes('*Downloaded*')),
      40_000,
    );
    expect(JSON.stringify(told)).toContain('1 downloaded file');
    expect(JSON.stringify(told)).toContain('293 KiB in 1 file');
    expect(JSON.stringify(told)).toContain('1 refused download');
  }, 90_000);

  it('that is none, or not theirs, is refused in words and on the record', async () => {
    const access = await activeAccess(world);
    const [ana, lea, out] = [person('U0ANA'), person('U0LEA'), person('U0OUT')];
    await Promise.all([ana.signIn(), lea.signIn(), out.signIn()]);
    const terminal = ana.terminal(`/accesses/${access}/socket`);
    await terminal.until(/\$ /);
    await run(
      terminal,
      'mkdir dir; ln -s /proc/1/environ environ; mkfifo fifo; ln -s /dev/zero zero; truncate -s 1T huge',
    );
    for (const [path, words, code, why] of [
      ['dir', 'Pack it with tar czf work.tgz … first', 'no-file', 'directory'],
      ['environ', 'only what lies in /home/engineer or /tmp', 'no-file', 'outside'],
      ['/etc/passwd', 'only what lies in', 'no-file', 'outside'],
      ['../../etc/passwd', 'only what lies in', 'no-file', 'outside'],
      ['fifo', 'no ordinary file', 'no-file', 'special'],
      ['zero', 'no ordinary file', 'no-file', 'special'],
      [
        '<b>gone</b>',
        '&lt;b&gt;gone&lt;/b&gt; cannot be downloaded: there is no such file',
        'no-file',
        'absent',
      ],
      ['huge', 'It has 1024 GiB', 'file-too-big', undefined],
    ] as const) {
      const before = (await world.entries()).length;
      const response = await ana.submit(`/accesses/${access}/download`, { path });
      expect([path, response.status]).toEqual([path, 403]);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(await response.text()).toContain(words);
      const refused = await world.untilEntry(
        ({ action, seq }) => action === 'access.refused' && seq > before,
      );
      expect(refused.details).toMatchObject({
        doing: 'download',
        code,
        ...(why === undefined ? {} : { why }),
      });
    }
    expect((await lea.submit(`/accesses/${access}/download`, { path: 'x' })).status).toBe(403);
    expect((await out.submit(`/accesses/${access}/download`, { path: 'x' })).status).toBe(404);
    expect(
      (await world.entries()).some(
        ({ action, access: its }) => action === 'file.downloaded' && its === access,
      ),
    ).toBe(false);
  });

  it('is not sent to another site’s page, nor for what is no form', async () => {
    const access = await activeAccess(world);
    const ana = person('U0ANA');
    await ana.signIn();
    const elsewhere = await ana.post(`/accesses/${access}/download`, { origin: 'https://evil.example' });
    expect(elsewhere.status).toBe(403);
    expect((await ana.post(`/accesses/${access}/download`, {})).status).toBe(403);
    const noForm = await ana.post(`/accesses/${access}/download`, {
      origin: `http://127.0.0.1:${bot.port}`,
      'content-type': 'text/plain',
    });
    expect(noForm.status).toBe(413);
    expect((await ana.get(`/accesses/${access}/download`)).status).toBe(404);
    const long = await ana.submit(`/accesses/${access}/download`, { path: 'x'.repeat(20_000) });
    expect(long.status).toBe(413);
  });

  it('is cut while it is sent when its access is taken away', async () => {
    const access = await activeAccess(world);
    const [ana, lea] = [person('U0ANA'), person('U0LEA')];
    await Promise.all([ana.signIn(), lea.signIn()]);
    const terminal = ana.terminal(`/accesses/${access}/socket`);
    await terminal.until(/\$ /);
    const size = 24_000_000;
    await run(terminal, `head -c ${size} /dev/zero >big`);
    // A browser that takes nothing for now: what a connection holds meanwhile is less than the file.
    const response = await ana.submit(`/accesses/${access}/download`, { path: 'big' });
    expect(response.headers.get('content-length')).toBe(String(size));
    expect((await lea.post(`/accesses/${access}/revoke`)).status).toBe(303);
    await world.untilEntry(of(access, 'access.revoked'), 40_000);
    let bytes = 0;
    const all = async (): Promise<void> => {
      for await (const chunk of response.body ?? []) bytes += chunk.length;
    };
    await expect(all()).rejects.toThrow();
    process.stdout.write(`${bytes} of ${size} bytes had left when the access was taken away\n`);
    expect(bytes).toBeLessThan(size);
    expect(await readdir(`${world.dir}/data/spool`)).toEqual([]);
  }, 60_000);
});

describe('a target whose policy says nothing of downloads', () => {
  it('shows no form, and lets nothing leave', async () => {
    const direct = await openWorld();
    try {
      const other = await direct.startBot();
      const access = await activeAccess(direct, '5m');
      const ana = webPerson(direct, other.port, 'U0ANA');
      const page = await ana.signIn(`/accesses/${access}/terminal`);
      expect(page.status).toBe(200);
      expect(page.text).not.toContain('/download');
      const response = await ana.submit(`/accesses/${access}/download`, { path: '.bashrc' });
      expect(response.status).toBe(403);
      expect(await response.text()).toContain('No file may be downloaded from this target.');
      const refused = await direct.untilEntry(of(access, 'access.refused'));
      expect(refused.details).toMatchObject({ doing: 'download', code: 'download-off', path: '.bashrc' });
    } finally {
      await direct[Symbol.asyncDispose]();
    }
  }, 60_000);
});
