/**
 * What one container is created as. Pure.
 *
 * Nothing of the host shows inside but the directory of calls and a made-up handful of /etc, both read-only; the root is
 * the image's, read-only; what can be written lives in memory and is bounded. What an image declares for itself (entry
 * point, user, volumes, health check) is overridden, or found by the probe.
 */
import { join } from 'node:path';
import type { ContainerCreateOptions } from 'dockerode';
import type { SandboxLabels, SandboxLimits } from '../../../ports/sandboxes.ts';
import { diskSizes, environmentInside, home, insideDoor, label } from '../local/bwrap-arguments.ts';
import type { SeccompProfile } from '../seccomp/profile.ts';
import { containerName, labelsToEngine } from './machine.ts';

export type Plan = {
  readonly labels: SandboxLabels;
  readonly limits: SandboxLimits;
  readonly environment: Readonly<Record<string, string>>;
  readonly image: string;
  readonly runtime: string | undefined;
  readonly ownKernel: boolean;
  readonly uid: number;
  readonly gid: number;
  /** Host directory with `calls` and `etc`. */
  readonly door: string;
  /** Of a listener on the host's loopback, for the first probe. */
  readonly probePort: number;
  readonly seccomp: SeccompProfile;
};

/** Files of the made-up /etc: the ones that the engine would fill with the host's, and the sandbox's user. */
export const ownEtc = ['passwd', 'group', 'hosts', 'hostname', 'resolv.conf'] as const;

/** Processes that the engine lets the container have. */
export function processLimit(limits: SandboxLimits, ownKernel: boolean): number {
  // gVisor's kernel is a process of the host with threads of its own, and has some for each process inside: at the
  // plain limit it would die. The bound on what it may become is looser there, and memory is bounded all the same.
  return ownKernel ? limits.processes * 4 + 256 : limits.processes;
}

export function containerOptions(plan: Plan): ContainerCreateOptions {
  const { labels, limits, uid, gid, door } = plan;
  const { access, install } = labels;
  const sizes = diskSizes(limits);
  const bind = (source: string, target: string) =>
    ({ Type: 'bind', Source: source, Target: target, ReadOnly: true }) as const;
  const limit = (name: string, most: number) => ({ Name: name, Soft: most, Hard: most }) as const;
  // Kilobytes, as the kernel tells them back; scripts in home and tmp may run, as on the local driver.
  const own = (bytes: number, mode: string): string =>
    `rw,nosuid,nodev,exec,size=${Math.floor(bytes / 1024)}k,mode=${mode},uid=${uid},gid=${gid}`;
  // Not written into the result, for dockerode's types do not know all of the API.
  const hostConfig = {
    ...(plan.runtime === undefined ? {} : { Runtime: plan.runtime }),
    NetworkMode: 'none',
    IpcMode: 'private',
    CgroupnsMode: 'private',
    Privileged: false,
    CapDrop: ['ALL'],
    // In place of the engine's own profile, and of any that its settings name.
    SecurityOpt: ['no-new-privileges:true', `seccomp=${JSON.stringify(plan.seccomp)}`],
    ReadonlyRootfs: true,
    Mounts: [
      bind(join(door, 'calls'), insideDoor),
      ...ownEtc.map((name) => bind(join(door, 'etc', name), `/etc/${name}`)),
    ],
    Tmpfs: {
      [home]: own(sizes.home, '0700'),
      '/tmp': own(sizes.tmp, '1777'),
      // The host's hardware and cgroups are nobody's business inside.
      '/sys': 'ro,nosuid,nodev,noexec,size=4k,mode=0555',
    },
    ShmSize: sizes.shm,
    Memory: limits.memoryBytes,
    MemorySwap: limits.memoryBytes,
    PidsLimit: processLimit(limits, plan.ownKernel),
    NanoCpus: Math.max(10_000_000, Math.round(limits.cpus * 1e9)),
    Ulimits: [
      // One byte, not none: at none a crash inside would still start the host's program for crashes.
      limit('core', 1),
      limit('nofile', 4096),
      // What the kernel holds for a process or user, and no priority above the ordinary, as on the local driver.
      limit('memlock', 8 * 2 ** 20),
      limit('sigpending', 1024),
      limit('msgqueue', 0),
      limit('nice', 0),
      limit('rtprio', 0),
    ],
    OomScoreAdj: 500,
    RestartPolicy: { Name: 'no' },
    // What is said on the terminal is recorded by the bot, and by nobody else.
    LogConfig: { Type: 'none', Config: {} },
    Init: false,
  };
  return {
    name: containerName(install, access),
    Image: plan.image,
    Hostname: access,
    User: `${uid}:${gid}`,
    WorkingDir: home,
    Env: Object.entries({ ...plan.environment, ...environmentInside(access) }).map(
      ([name, value]) => `${name}=${value}`,
    ),
    // Our own first process reaps orphans, and ends with its supervisor; an init of the engine's would do half of it.
    Entrypoint: ['/bin/bash', `${insideDoor}/init`],
    Cmd: [String(plan.probePort), label, access, install],
    // Were it asked to end, the first process would not hear.
    StopSignal: 'SIGKILL',
    Healthcheck: { Test: ['NONE'] },
    Labels: labelsToEngine(labels),
    NetworkDisabled: true,
    HostConfig: hostConfig,
  };
}
