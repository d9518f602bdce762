/** What stands between a container and the host, and what an image must and must not be. */

import { once } from 'node:events';
import { chmodSync, chownSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectEngine, type Engine } from '../../../src/adapters/sandbox/docker/engine.ts';
import { dockerMachineFrom } from '../../../src/adapters/sandbox/docker/machine.ts';
import { readiness as driverReadiness } from '../../../src/adapters/sandbox/docker/readiness.ts';
import { seccompProfile } from '../../../src/adapters/sandbox/seccomp/profile.ts';
import type { AccessId } from '../../../src/domain/ids.ts';
import { SandboxFault } from '../../../src/ports/sandboxes.ts';
import { newAccess } from '../../contract/sandboxes.ts';
import { talkTo } from '../../contract/terminals.ts';
import { imageRegistry } from '../../support/image-registry.ts';
import { type DockerGround, engineOfFile } from './docker-ground.ts';
import { importImage, systemTar, usual } from './docker-image.ts';
import { architecture } from './ways-out/way.ts';

const host = engineOfFile();
let ground: DockerGround;
let access: AccessId;
beforeEach(async () => {
  ground = await host.ground();
  access = newAccess();
});
afterEach(async () => {
  await ground[Symbol.asyncDispose]();
});

const promised = [
  'probe-complete network-interfaces network-routes connect-internet connect-metadata connect-host capabilities',
  'no-new-privileges identity hostname system-not-writable mounts-read-only home-bounded tmp-bounded shm-bounded',
  'no-user-namespaces seccomp our-filter own-processes environment no-block-devices host:no-connection host:namespaces',
  'host:capabilities host:seccomp host:user host:user-is-its-alone host:descriptors host:no-host-paths',
  'host:memory-limit host:process-limit host:cpu-limit',
]
  .join(' ')
  .split(' ');

const holding = async (): Promise<boolean> =>
  (await ground.sandboxes.probe(access)).every(({ holds }) => holds);

describe('a container', () => {
  beforeEach(() => ground.open(access));

  test('every check is made, and holds', async () => {
    const found = await ground.sandboxes.probe(access);
    expect(found.map(({ check }) => check).toSorted()).toEqual(promised.toSorted());
    expect(found.filter(({ holds }) => !holds)).toEqual([]);
  });

  test('is made as the host means it', async () => {
    const seen = await host.engine.docker.getContainer(`prod-access-${ground.install}-${access}`).inspect();
    expect(seen.HostConfig).toMatchObject({
      NetworkMode: 'none',
      IpcMode: 'private',
      CgroupnsMode: 'private',
      Privileged: false,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      CapAdd: null,
      LogConfig: { Type: 'none' },
      RestartPolicy: { Name: 'no' },
      Memory: 128 * 2 ** 20,
      MemorySwap: 128 * 2 ** 20,
      PidsLimit: 48,
    });
    expect(seen.Config.Labels).toEqual({
      'prod-access:install': ground.install,
      'prod-access:access': access,
      'prod-access:requester': 'U0REQ',
      'prod-access:target': 'payments-db',
    });
    expect(seen.Mounts.filter(({ RW }) => RW)).toEqual([]);
    const profile = seccompProfile(architecture());
    expect(seen.HostConfig.SecurityOpt).toEqual([
      'no-new-privileges:true',
      `seccomp=${JSON.stringify(profile)}`,
    ]);
  });

  test("a terminal's shell stands behind the same fence", async () => {
    const talk = talkTo(await ground.sandboxes.terminal(access, { cols: 200, rows: 24 }));
    talk.type('grep -E "^(Cap...|NoNewPrivs|Seccomp):" /proc/self/status | tr "\\n" " "; echo "the "end\n');
    await talk.until(/the end/);
    const said = talk.seen().replaceAll(/\s+/g, ' ');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect(said).toContain(`${set}: 0000000000000000`);
    expect(said).toContain('NoNewPrivs: 1 Seccomp: 2');
    talk.type('exit\n');
    await talk.ended;
  });

  test('shows nothing of the host in /etc and /sys, and one user', async () => {
    const { stdout } = await ground.bash(
      access,
      'cat /etc/resolv.conf /etc/hosts /etc/hostname; ls /sys; id -un; cd; pwd; echo text >f; cat f',
    );
    expect(stdout).toBe(
      `127.0.0.1 localhost ${access}\n::1 localhost\n${access}\nengineer\n/home/engineer\ntext\n`,
    );
  });

  test('nothing inside reaches what the host laid there, nor the first process', async () => {
    const { stdout } = await ground.bash(
      access,
      'exec 2>/dev/null; ls /run/prod-access; touch /run/prod-access/x; timeout 1 bash -c "echo x >/run/prod-access/life"; kill -KILL 1; echo alive',
    );
    expect(stdout).toBe('alive\n');
    expect(await holding()).toBe(true);
  });

  test('a disk filler meets the end of its disk', async () => {
    const script = `for at in ~ /tmp /dev/shm; do head -c 100M /dev/zero >$at/fill; stat -c %s $at/fill; done`;
    const { stdout } = await ground.bash(access, script, 20_000);
    const bytes = stdout.trim().split('\n').map(Number);
    expect(bytes.length).toBe(3);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(32 * 2 ** 20);
    expect(await holding()).toBe(true);
  });

  test('a memory hog is killed, and nothing else', async () => {
    const hog = 'bash -c \'x=0123456789abcdef; while :; do x=$x$x; done\' >/dev/null 2>&1; echo "code $?"';
    expect((await ground.bash(access, hog, 20_000)).stdout).toBe('code 137\n');
    expect(await holding()).toBe(true);
  });

  test('a fork bomb stays within its number, and closes', async () => {
    await ground
      .bash(access, 'bomb() { bomb | bomb & }; bomb 2>/dev/null; sleep 0.5', 2_000)
      .catch(() => undefined);
    const { uid } = ground.state(access);
    expect(ground.processes(access, uid).length).toBeLessThanOrEqual(48 + 2);
    await ground.sandboxes.close(access);
    expect(ground.processes(access, uid)).toEqual([]);
  });
});

test('its ports lead to the sockets of the host, and nobody else may connect to those', async () => {
  const listeners = [{ port: 3128, socket: 'proxy' }];
  const environment = { HTTPS_PROXY: 'http://127.0.0.1:3128' };
  const { sockets } = await ground.sandboxes.open(ground.spec(access, { listeners, environment }));
  const server = createServer((socket) => socket.end('hello from the host\n'));
  const path = join(sockets.dir, 'proxy');
  server.listen(path);
  await once(server, 'listening');
  chownSync(path, 0, sockets.gid);
  chmodSync(path, 0o660);
  const { stdout } = await ground.bash(access, 'cat </dev/tcp/127.0.0.1/3128; echo "$HTTPS_PROXY"');
  expect(stdout).toBe('hello from the host\nhttp://127.0.0.1:3128\n');
  server.close();
});

describe('an image', () => {
  const opening = (wanted: string) => ground.sandboxes.open(ground.spec(access, { image: wanted }));
  const hopeless = { name: 'SandboxFault', code: 'unavailable', retryable: false };

  test.each(['debug', 'debug:1.2', 'debug:latest', 'debug@sha256:12', 'x:1@sha256:'.padEnd(75, '0'), ''])(
    'is never %o',
    async (wanted) => {
      await expect(opening(wanted)).rejects.toMatchObject({
        ...hopeless,
        message: expect.stringContaining('not named by its digest'),
      });
    },
  );

  test('that is not on the host is fetched by its digest, once', async () => {
    const tar = systemTar(['bash', ...usual]);
    await using registry = await imageRegistry(readFileSync(tar));
    rmSync(dirname(tar), { recursive: true });
    await opening(registry.image);
    const { stdout } = await ground.bash(access, 'echo "$FROM_IMAGE"');
    expect(stdout).toBe('yes\n');
    const { pulls } = registry;
    const before = pulls();
    expect(before).toBeGreaterThan(0);
    await ground.sandboxes.close(access);
    await opening(registry.image);
    expect(pulls()).toBe(before);
  });

  test('that is not to be had is said so', async () => {
    const nowhere = `127.0.0.1:1/nowhere@sha256:${'0'.repeat(64)}`;
    await expect(opening(nowhere)).rejects.toMatchObject({
      code: 'unavailable',
      retryable: true,
      message: expect.stringContaining(`did not pull ${nowhere}`),
    });
    const unknown = `sha256:${'0'.repeat(64)}`;
    await expect(opening(unknown)).rejects.toMatchObject({
      ...hopeless,
      message: `the image ${unknown} is not on this host`,
    });
    expect(await ground.sandboxes.list()).toEqual([]);
  });

  test('that lacks programs is refused, and named with what it lacks', async () => {
    const poor = await importImage(host.engine.docker, ['bash', ...usual.filter((name) => name !== 'socat')]);
    await expect(opening(poor)).rejects.toMatchObject({
      ...hopeless,
      message: expect.stringContaining('lacks socat: an image for sandboxes needs'),
    });
    const bare = await importImage(host.engine.docker, ['cat']);
    await expect(opening(bare)).rejects.toMatchObject({
      ...hopeless,
      message: expect.stringContaining('lacks /bin/bash'),
    });
  });

  test('that declares a user, an entry point, a health check: none of them counts', async () => {
    const pushy = await importImage(host.engine.docker, undefined, [
      'USER root',
      'ENTRYPOINT ["/bin/cat"]',
      'HEALTHCHECK CMD touch /tmp/checked',
      'WORKDIR /var',
      'ENV HOME=/root PATH=/nowhere SECRET_OF_IMAGE=x',
    ]);
    await opening(pushy);
    expect(await holding()).toBe(true);
    expect((await ground.bash(access, 'pwd; echo $HOME')).stdout).toBe('/home/engineer\n/home/engineer\n');
  });

  test('that declares a volume is refused: it would be a disk without bounds', async () => {
    const greedy = await importImage(host.engine.docker, undefined, ['VOLUME /data']);
    await expect(opening(greedy)).rejects.toMatchObject({
      code: 'not-fenced',
      message: expect.stringContaining('mounts-read-only: /data'),
    });
    expect((await host.engine.docker.listVolumes()).Volumes).toEqual([]);
    await using other = await host.ground({ image: greedy });
    expect(await other.sandboxes.readiness()).toMatchObject({
      ready: false,
      problem: expect.stringContaining('mounts-read-only: /data'),
      remedy: expect.stringContaining('without VOLUME'),
    });
  });
});

describe('readiness says what is missing, and what to do', () => {
  const readiness = async (more: Parameters<typeof host.ground>[0]) => {
    const other = await host.ground(more);
    const found = await other.sandboxes.readiness();
    await rmSync(dirname(other.options.dataDir), { recursive: true, force: true });
    return found;
  };

  test('an engine', async () => {
    expect(await readiness({ socketPath: '/nowhere/docker.sock' })).toEqual({
      ready: false,
      problem: 'no container engine answers at /nowhere/docker.sock',
      away: true,
      remedy: expect.stringContaining('DOCKER_HOST'),
    });
  });

  test('an image', async () => {
    const unknown = `sha256:${'0'.repeat(64)}`;
    expect(await readiness({ image: unknown })).toMatchObject({
      ready: false,
      problem: `the image ${unknown} is not on this host`,
    });
    const named = `example.com/debug@${unknown}`;
    expect(await readiness({ image: named })).toMatchObject({ remedy: `docker pull ${named}` });
    expect(await readiness({ image: 'debug:latest' })).toMatchObject({
      problem: 'the image debug:latest is not named by its digest',
    });
    const poor = await importImage(host.engine.docker, ['bash', 'cat']);
    expect(await readiness({ image: poor })).toMatchObject({
      problem: expect.stringContaining('lacks socat, stty, tty, timeout, sleep, unshare'),
      remedy: 'build an image that has them',
    });
  });

  test('an engine that takes no profile, as Podman, which takes the path of one', async () => {
    // Its words, by https://github.com/lablup/backend.ai/issues/13791.
    const message =
      'the container engine did not create a container: opening seccomp profile failed: open {"defaultAction":…: file name too long';
    const podman: Engine = {
      ...connectEngine(host.engine.socketPath),
      create: () => Promise.reject(new SandboxFault('unavailable', message, { retryable: true })),
    };
    expect(await driverReadiness(dockerMachineFrom(ground.options), podman)).toEqual({
      ready: false,
      problem: message,
      remedy: expect.stringContaining('Docker'),
    });
  });

  test('a runtime', async () => {
    expect(await readiness({ runtime: 'runsc-none' })).toMatchObject({
      problem: 'the engine knows no runtime runsc-none',
      remedy: expect.stringContaining('--host-fifo=open'),
    });
  });
});
