/** Whether sandboxes can be opened with this engine: tried, not guessed. Every problem comes with what to do about it. */
import { randomBytes } from 'node:crypto';
import { accessSync, constants, rmSync } from 'node:fs';
import { join } from 'node:path';
import { idBytes, idFrom } from '../../../domain/ids.ts';
import { isImage } from '../../../domain/image.ts';
import { type Readiness, SandboxFault } from '../../../ports/sandboxes.ts';
import { systemPath } from '../local/machine.ts';
import { architectures, hasFilter } from '../seccomp/calls.ts';
import { closeOne } from './close-one.ts';
import type { Engine, EngineInfo } from './engine.ts';
import type { DockerMachine } from './machine.ts';
import { openOne } from './open-one.ts';

/** What the driver and its supervisors run on the host. */
const programs = ['bash', 'socat', 'flock', 'mkfifo', 'timeout'];
const no = (problem: string, remedy: string): Readiness => ({ ready: false, problem, remedy });

export async function readiness(machine: DockerMachine, engine: Engine): Promise<Readiness> {
  const missing = programs.filter((name) => !onPath(name));
  if (missing.length > 0)
    return no(
      `${missing.join(', ')} not found`,
      'install them: apt-get install bash coreutils util-linux socat',
    );
  if (!machine.ownUids && machine.limits === 'enforced')
    return no(
      "not root, so sandboxes would run under the bot's own user id",
      'run the bot as root, or set limits to best-effort and accept it',
    );
  if (!hasFilter(process.arch))
    return no(
      `there is no system call filter for ${process.arch}`,
      `run the bot on ${architectures.join(' or ')}`,
    );
  try {
    const trouble = infoTrouble(machine, await engine.info()) ?? (await imageTrouble(machine, engine));
    return trouble ?? (await tryOne(machine, engine));
  } catch (error) {
    return engineTrouble(machine, error);
  }
}

function infoTrouble({ runtime }: DockerMachine, info: EngineInfo): Readiness | undefined {
  if (info.OSType !== undefined && info.OSType !== 'linux')
    return no(`the engine runs ${info.OSType} containers`, 'use an engine for Linux containers');
  if (runtime !== undefined && info.Runtimes?.[runtime] === undefined)
    return no(
      `the engine knows no runtime ${runtime}`,
      `register it under "runtimes" in /etc/docker/daemon.json, for gVisor with "runtimeArgs": ["--network=none", "--host-uds=open", "--host-fifo=open"], and restart the engine`,
    );
  const unbounded = [
    ...(info.MemoryLimit === false ? ['memory'] : []),
    ...(info.PidsLimit === false ? ['pids'] : []),
    ...(info.CpuCfsQuota === false ? ['cpu'] : []),
  ];
  if (unbounded.length > 0)
    return no(
      `the engine has no cgroup for ${unbounded.join(', ')}, so limits cannot be enforced`,
      'give the host these cgroup controllers, such as with cgroup_enable=memory on its kernel command line',
    );
  if (info.SecurityOptions?.some((option) => option.includes('name=seccomp')) !== true)
    return no(
      'the engine runs containers without seccomp',
      'use a kernel with seccomp, and an engine that was built with it',
    );
  return undefined;
}

async function imageTrouble({ image }: DockerMachine, engine: Engine): Promise<Readiness | undefined> {
  if (!isImage(image))
    return no(`the image ${image} is not named by its digest`, 'see PROD_ACCESS_SANDBOX_IMAGE');
  if (await engine.hasImage(image)) return undefined;
  return no(
    `the image ${image} is not on this host`,
    image.includes('@')
      ? `docker pull ${image}`
      : 'docker load or docker import it, and name the id that it then has',
  );
}

/** Opens a whole sandbox and closes it, in a house and under an install of its own, where no sweep finds it. */
async function tryOne(machine: DockerMachine, engine: Engine): Promise<Readiness> {
  const { first, count } = machine.uids;
  const access = idFrom('acc', randomBytes(idBytes));
  const trial = {
    ...machine,
    install: `${machine.install}-try`,
    dataDir: join(machine.dataDir, 'try', access),
    uids: { first: first + count, count: 64 },
  };
  try {
    const { limitsHeldBy } = await openOne(trial, engine, {
      labels: { install: trial.install, access, requester: 'doctor', target: 'try' },
      limits: { memoryBytes: 64 * 2 ** 20, cpus: 1, processes: 32, diskBytes: 2 ** 20 },
      listeners: [],
      environment: {},
      deadline: machine.clock() + 30_000,
    });
    await closeOne(trial, engine, access);
    return { ready: true, limitsHeldBy };
  } finally {
    rmSync(trial.dataDir, { recursive: true, force: true });
  }
}

function engineTrouble({ socketPath }: DockerMachine, error: unknown): Readiness {
  const said = error instanceof Error ? error.message : String(error);
  if (/connect (ENOENT|ECONNREFUSED)/.test(said))
    return {
      ready: false,
      problem: `no container engine answers at ${socketPath}`,
      remedy: 'start it (systemctl start docker), or set DOCKER_HOST to unix:// and the path of its socket',
      away: true,
    };
  if (/connect (EACCES|EPERM)/.test(said))
    return no(
      `the bot may not connect to ${socketPath}`,
      'run the bot as root, or as a member of the group of the socket',
    );
  if (/seccomp profile/.test(said))
    return no(
      said,
      'use an engine that takes a seccomp profile itself, as Docker does: Podman takes the path of a file only',
    );
  if (error instanceof SandboxFault && /\blacks\b/.test(said))
    return no(said, 'build an image that has them');
  if (error instanceof SandboxFault && error.code === 'not-fenced')
    return no(
      said,
      'build the image without VOLUME; otherwise the engine gives containers more than it does as it comes: see its configuration',
    );
  return no(said, 'start a container by hand with the words of the problem in mind');
}

function onPath(name: string): boolean {
  return systemPath.split(':').some((dir) => {
    try {
      accessSync(join(dir, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
