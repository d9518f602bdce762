/**
 * Opening a sandbox in a container, with its supervisor and its probe, against a container of the same shape that does
 * nothing: by the engine's own client until it has ended, as people run one, and by the engine's API until its first
 * word, which is the strict comparison.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Container } from 'dockerode';
import { testEngine } from '../test/adapters/sandbox/docker-engine.ts';
import { dockerGround } from '../test/adapters/sandbox/docker-ground.ts';
import { importImage } from '../test/adapters/sandbox/docker-image.ts';
import { newId } from '../test/support/builders.ts';
import { type Figure, percentile } from './figures.ts';

const rounds = 30;

export async function benchContainer(): Promise<readonly Figure[]> {
  if (
    process.getuid?.() !== 0 ||
    ['dockerd', 'docker'].some((name) => spawnSync(name, ['--version']).error)
  ) {
    process.stdout.write(
      'opening a container: left out, for it takes root and an engine (apt-get install docker.io)\n',
    );
    return [];
  }
  await using engine = await testEngine();
  const image = await importImage(engine.docker);
  await using ground = await dockerGround(engine, image);
  const ours: number[] = [];
  const client: number[] = [];
  const api: number[] = [];
  const timed = async (into: number[], work: () => Promise<unknown>): Promise<void> => {
    const begun = performance.now();
    await work();
    into.push(performance.now() - begun);
  };
  for (let round = 0; round < rounds; round += 1) {
    const access = newId();
    await timed(ours, () => ground.open(access));
    await ground.sandboxes.close(access);
    await timed(client, async () => bareByClient(engine.socketPath, image));
    const left: Container[] = [];
    await timed(api, async () => left.push(await bareByApi(engine, image)));
    // Removing is not counted for either of the two that are run by the API.
    for (const one of left) await one.remove({ force: true });
  }
  const figure = (what: string, p: number, baseline: readonly number[], aim: string): Figure => ({
    what: `opening a container, p${p}, ${what}`,
    ours: percentile(ours, p),
    baseline: percentile(baseline, p),
    unit: 'ms',
    addedPer: 1,
    aim,
  });
  return [
    figure('docker run', 50, client, 'at most 15 ms added'),
    figure('API', 50, api, 'at most 15 ms added'),
    figure('API', 99, api, 'told only'),
  ];
}

function bareByClient(socketPath: string, image: string): void {
  const fence = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges', '--log-driver=none'];
  const limits = [
    '--memory=128m',
    '--memory-swap=128m',
    '--pids-limit=48',
    '--cpus=1',
    '--user=220000:220000',
  ];
  const words = ['run', '--rm', '--network=none', '--tmpfs=/tmp', ...fence, ...limits];
  execFileSync('docker', ['--host', `unix://${socketPath}`, ...words, image, 'bash', '-c', ':']);
}

async function bareByApi(
  { docker }: Pick<Awaited<ReturnType<typeof testEngine>>, 'docker'>,
  image: string,
): Promise<Container> {
  const container = await docker.createContainer({
    Image: image,
    Cmd: ['bash', '-c', 'echo up; exec sleep 60'],
    User: '220000:220000',
    // As the driver has it: a network, if one that leads nowhere, costs the engine as much again.
    NetworkDisabled: true,
    HostConfig: {
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Memory: 128 * 2 ** 20,
      MemorySwap: 128 * 2 ** 20,
      PidsLimit: 48,
      NanoCpus: 1e9,
      Tmpfs: { '/tmp': '' },
      LogConfig: { Type: 'none', Config: {} },
    },
  });
  const output = await container.attach({ stream: true, stdout: true, stderr: true, hijack: true });
  await Promise.all([once(output, 'data'), container.start()]);
  return container;
}
