/**
 * Opening a sandbox in a container, with its supervisor and its probe, against `docker run` of nothing in a container of
 * the same shape, by the engine's own client and by its API (created, attached to, started, and ended by itself).
 */
import { execFileSync } from 'node:child_process';
import type { Container } from 'dockerode';
import { testEngine } from '../test/adapters/sandbox/docker-engine.ts';
import { dockerGround } from '../test/adapters/sandbox/docker-ground.ts';
import { importImage } from '../test/adapters/sandbox/docker-image.ts';
import { newId } from '../test/support/builders.ts';
import { type Figure, percentile } from './figures.ts';

const rounds = 30;

export async function benchContainer(): Promise<readonly Figure[]> {
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
    const left: { remove(): Promise<unknown> }[] = [];
    await timed(api, async () => left.push(await bareByApi(engine, image)));
    // Removing is not counted for either of the two that are run by the API.
    for (const one of left) await one.remove();
  }
  const aim = 'at most 15 ms more';
  const what = 'opening a container, p50, against docker run';
  const p50 = percentile(ours, 50);
  return [
    { what: `${what} by its client`, ours: p50, baseline: percentile(client, 50), unit: 'ms', aim },
    { what: `${what} by the API`, ours: p50, baseline: percentile(api, 50), unit: 'ms', aim },
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
    Cmd: ['bash', '-c', ':'],
    User: '220000:220000',
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
  output.resume();
  await container.start();
  await container.wait();
  return container;
}
