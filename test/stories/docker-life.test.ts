/**
 * A whole life in a container, with the engine's usual runtime and with gVisor: ask, approve, opened from the policy's
 * image, a terminal, the ways out, a download, a watcher, the end, the summary, and a trail that verifies.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { verifyRecording } from '../../src/domain/cast-chain.ts';
import { prodAccess } from '../support/command-line.ts';
import {
  type ContainerGround,
  callForward,
  containerGround,
  forwardAnswers,
  terminalOf,
} from '../support/container-world.ts';
import { webPerson } from '../support/web-person.ts';
import { activeAccess, of } from '../support/wiki-life.ts';
import type { WorldPolicy } from '../support/world.ts';

let ground: ContainerGround;
beforeAll(async () => {
  ground = await containerGround();
}, 60_000);
afterAll(() => ground[Symbol.asyncDispose]());

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.concurrent.each([
  { runtime: 'runc', env: {} },
  { runtime: 'runsc', env: { PROD_ACCESS_SANDBOX_RUNTIME: 'runsc' } },
])('with $runtime', ({ runtime, env }) => {
  it('an access lives in a container from the ask to the summary', async () => {
    await using world = await ground.openWorld(env);
    const bot = await world.startBot();
    const access = await activeAccess(world, '12s');
    const opened = await world.untilEntry(of(access, 'sandbox.opened'));
    expect(opened.details).toMatchObject({ driver: 'docker' });
    expect(await ground.container(access)).toMatchObject({
      Config: { Image: ground.wikiImage, Labels: { 'prod-access:requester': 'U0ANA' } },
      HostConfig: { Runtime: runtime, NetworkMode: 'none' },
    });

    const { ana, terminal } = await terminalOf(world, bot, access);
    const { id, endsAt } = (await terminal.untilNews('session')) as { id: string; endsAt: number };
    terminal.type('echo "sum $((20 + 22)) on $(hostname), of the image: $FROM_IMAGE"\n');
    await terminal.until(new RegExp(`sum 42 on ${access}, of the image: yes`));
    terminal.type(callForward);
    await terminal.until(forwardAnswers);
    terminal.type(
      'exec 3<>/dev/tcp/127.0.0.1/3128; printf "CONNECT evil.example:443 HTTP/1.1\\r\\n\\r\\n" >&3; head -n1 <&3\n',
    );
    await terminal.until(/HTTP\/1\.1 403/);
    terminal.type(
      'exec 3<>/dev/tcp/127.0.0.1/9911; printf "GET /credentials HTTP/1.0\\r\\nAuthorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN\\r\\n\\r\\n" >&3; grep -oE "^HTTP.*|AccessKeyId" <&3\n',
    );
    await terminal.until(/HTTP\/1\.1 200[^$]*AccessKeyId/);
    terminal.type('head -c 3000 /dev/urandom >work.bin; sha256sum work.bin\n');
    const [, sum] = await terminal.until(/([0-9a-f]{64}) {2}work\.bin/);
    const fetched = await ana.submit(`/accesses/${access}/download`, { path: 'work.bin' });
    expect(fetched.status).toBe(200);
    expect(sha256(new Uint8Array(await fetched.arrayBuffer()))).toBe(sum);

    const lea = webPerson(world, bot.port, 'U0LEA');
    await lea.signIn();
    const watching = lea.terminal(`/accesses/${access}/socket?session=${id}`);
    await watching.until(/sum 42/);
    await vi.waitFor(async () =>
      expect(await terminal.untilNews('watched')).toMatchObject({ names: ['lea'] }),
    );

    terminal.type("trap '' HUP INT TERM; while :; do echo busy; sleep 0.05; done\n");
    await watching.until(/busy\r\nbusy/);
    expect(Date.now()).toBeLessThan(endsAt);
    const [cut, gone] = await Promise.all([
      terminal.untilNews('over', 40_000).then(() => Date.now() - endsAt),
      ground.gone(access).then((at) => at - endsAt),
    ]);
    process.stdout.write(`${runtime}: after the end, terminal ${cut} ms, container ${gone} ms\n`);
    expect(cut).toBeLessThan(1_000);
    expect(gone).toBeLessThan(1_000);
    expect(await watching.untilNews('over')).toMatchObject({ why: 'its time is up' });

    const ended = await world.untilEntry(of(access, 'session.ended'));
    const file = await readFile(`${world.dir}/data/recordings/${access}/${id}.cast`);
    expect(ended.details).toMatchObject({ session: id, bytes: file.length, sha256: sha256(file) });
    expect(verifyRecording(file)).toMatchObject({ kind: 'whole' });
    await world.untilEntry(of(access, 'access.revoked'), 40_000);
    const direct = world.slack.human.openDirect('U0ANA');
    const summary = await world.slack.waitFor(
      () =>
        world.slack.human
          .messages(direct, 'U0ANA')
          .map((each) => JSON.stringify(each))
          .find((each) => each.includes('*Downloaded*')),
      20_000,
    );
    for (const told of ['1 downloaded file', 'evil.example:443', '22 bytes in', 'lea'])
      expect(summary).toContain(told);

    const actions = (await world.entries()).filter((entry) => entry.access === access).map((e) => e.action);
    for (const each of [
      'connection.opened',
      'connection.closed',
      'connection.blocked',
      'credentials.vended',
      'file.downloaded',
      'session.viewed',
      'sandbox.closed',
      'grant.revoked',
    ])
      expect([each, actions.filter((action) => action === each).length]).toEqual([each, 1]);
    expect(await bot.stop()).toBe(0);
    expect(await prodAccess(world, 'audit', 'verify')).toMatchObject({ code: 0 });
  }, 120_000);
});

it.concurrent('which image will do is told by doctor, for configuration and policy', async () => {
  await using world = await ground.openWorld();
  const path = world.env.PROD_ACCESS_POLICY ?? '';
  const absent = `sha256:${'0'.repeat(64)}`;
  const policy: WorldPolicy = parse(await readFile(path, 'utf8'));
  Object.assign(policy.targets.wiki.sandbox, { image: ground.image });
  Object.assign(policy.targets['payments-db'].sandbox, { image: absent });
  await writeFile(path, stringify(policy));
  const { code, out } = await prodAccess(world, 'doctor');
  expect(code).toBe(1);
  expect(out.split('\n').filter((line) => line.includes('sandboxes'))).toEqual([
    expect.stringMatching(`^ok     sandboxes: containers of ${ground.image}, limits held by `),
    `WRONG  sandboxes of payments-db: the image ${absent} is not on this host`,
  ]);
}, 60_000);
