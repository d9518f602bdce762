/** What the host's kernel says of a container that stands: evidence that nothing inside can forge. */
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LimitsHeldBy, SandboxLimits } from '../../../ports/sandboxes.ts';
import { insideDoor } from '../local/bwrap-arguments.ts';
import {
  type CgroupLayout,
  type LimitsInForce,
  layoutFrom,
  limitsAt,
  socketBytes,
} from '../local/cgroup-files.ts';
import { parseStatus } from '../local/inside-report.ts';
import { sandboxesDir } from '../local/machine.ts';
import { namespaceOf, pidsOwnedBy, startOf } from '../local/processes.ts';
import { type DockerMachine, mountinfo } from './machine.ts';

/** All but the user namespace, which engines share with the host as they come. */
const namespaces = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'uts'];

export type HostView = {
  /** Of the first process as the host has it; under a kernel of its own, of that kernel's process. */
  readonly status: ReadonlyMap<string, string>;
  readonly sharedNamespaces: readonly string[];
  readonly limits: LimitsInForce | undefined;
  /** Host paths that must not be visible inside, and are. */
  readonly visiblePaths: readonly string[];
  /** Processes of the sandbox's user outside of its pid namespace. */
  readonly strangers: readonly number[];
  /** What the first process holds open, but for what it was given. */
  readonly descriptors: readonly string[];
  /** Connections that the host's own listener got. */
  readonly connections: number;
  /** The host's `/proc/version`. */
  readonly kernel: string;
};

export function hostView(machine: DockerMachine, uid: number, init: number, connections: number): HostView {
  return {
    status: statusOf(init),
    sharedNamespaces: namespaces.filter((kind) => {
      const inside = namespaceOf(init, kind);
      return inside === undefined || inside === namespaceOf('self', kind);
    }),
    limits: limitsOf(init),
    visiblePaths: [sandboxesDir(machine), realpathSync(machine.socketPath)].filter((path) =>
      visible(`/proc/${init}/root${path}`),
    ),
    strangers: machine.ownUids ? strangers(uid, init) : [],
    descriptors: strangeDescriptors(init),
    connections,
    kernel: readFileSync('/proc/version', 'utf8').trim(),
  };
}

export function statusOf(pid: number): ReadonlyMap<string, string> {
  try {
    return parseStatus(readFileSync(`/proc/${pid}/status`, 'utf8').split('\n'));
  } catch {
    return new Map();
  }
}

/** Which cgroups this host's engine can hold limits with; undefined where it has none that carry all three. */
export function hostCgroups(): CgroupLayout | undefined {
  try {
    return layoutFrom(readFileSync(mountinfo, 'utf8'), (root) =>
      readFileSync(`${root}/cgroup.controllers`, 'utf8'),
    );
  } catch {
    return undefined;
  }
}

export function heldBy(): LimitsHeldBy {
  return hostCgroups()?.version ?? 'prlimit';
}

/** `pathOf` the group of one controller that the process is in; version 2 has one for all, under the empty name. */
function groupsOf(pid: number): (controller: string) => string {
  // `number:controllers:path`.
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
  return (controller) => {
    const line = lines.find((each) => each.split(':')[1]?.split(',').includes(controller));
    if (line === undefined) throw new RangeError(`no ${controller} group`);
    return line.split(':').slice(2).join(':');
  };
}

/** Engines leave the buffers of sockets unbounded where cgroups count them apart. The probe reads it back. */
export function boundSockets(pid: number, limits: SandboxLimits): void {
  const layout = hostCgroups();
  if (layout?.version !== 'cgroup-v1') return;
  const dir = join(layout.memory, groupsOf(pid)('memory'));
  writeFileSync(join(dir, 'memory.kmem.tcp.limit_in_bytes'), String(socketBytes(limits)));
}

/** The limits of the groups that the process is in, wherever the engine made them. */
function limitsOf(pid: number): LimitsInForce | undefined {
  try {
    const layout = hostCgroups();
    if (layout === undefined) return undefined;
    const pathOf = groupsOf(pid);
    const dirs = new Map(
      layout.version === 'cgroup-v2'
        ? [[layout.root, pathOf('')]]
        : (['memory', 'pids', 'cpu'] as const).map((name) => [layout[name], pathOf(name)] as const),
    );
    return limitsAt(
      layout,
      (root) => join(root, dirs.get(root) ?? 'nowhere'),
      (file) => readFileSync(file, 'utf8'),
    );
  } catch {
    return undefined;
  }
}

/** Of the dead, who may not be buried yet, it would be told that they are in no namespace. */
function strangers(uid: number, init: number): readonly number[] {
  const own = namespaceOf(init, 'pid');
  return pidsOwnedBy(uid).filter((pid) => namespaceOf(pid, 'pid') !== own && startOf(pid) !== undefined);
}

/** Targets of the first process's open descriptors that are neither nothing, its script nor its supervisor's FIFO. */
function strangeDescriptors(init: number): readonly string[] {
  const given = ['/dev/null', `${insideDoor}/init`, `${insideDoor}/life`];
  try {
    return readdirSync(`/proc/${init}/fd`)
      .map((name) => {
        try {
          return readlinkSync(`/proc/${init}/fd/${name}`);
        } catch {
          // Closed since.
          return '/dev/null';
        }
      })
      .filter((target) => !given.includes(target));
  } catch {
    return ['unreadable'];
  }
}

function visible(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    return !(
      error instanceof Error &&
      'code' in error &&
      (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    );
  }
}
