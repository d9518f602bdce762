/**
 * Which cgroup files hold a sandbox's limits, and with what values. Pure: mount table in, paths and values out, so
 * that version 2 is testable on a version 1 machine.
 *
 * Version 2 is used where it carries memory, pids and cpu; else version 1 where all three are mounted. Everything
 * lies at the mount's root, not under the bot's own cgroup: that one ends with the bot's service.
 * The memory limit covers files in home and tmp as well, which live in memory, and what the kernel holds for them.
 * Version 1 counts the buffers of TCP and UDP apart, and unless limited not at all.
 */
import { join } from 'node:path';
import type { SandboxLimits } from '../../../ports/sandboxes.ts';

export type CgroupLayout =
  | { readonly version: 'cgroup-v2'; readonly root: string }
  | { readonly version: 'cgroup-v1'; readonly memory: string; readonly pids: string; readonly cpu: string };

export type CgroupWrite = {
  readonly file: string;
  readonly value: string;
  /** Written where the kernel has it (swap accounting). */
  readonly optional: boolean;
};

export type LimitsInForce = {
  readonly memoryBytes: number;
  readonly processes: number;
  readonly cpus: number;
};

const controllers = ['memory', 'pids', 'cpu'] as const;
/** The kernel's default period, and its smallest quota, in microseconds. */
const periodUs = 100_000;
const smallestQuotaUs = 1_000;

/** Of its memory, what a version 1 group may hold in buffers of TCP and UDP besides. */
const socketShare = 1 / 8;

/** `v2Controllers` reads the `cgroup.controllers` of a version 2 mount. */
export function layoutFrom(
  mountinfo: string,
  v2Controllers: (root: string) => string,
): CgroupLayout | undefined {
  const v1 = new Map<string, string>();
  let v2: string | undefined;
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const point = (left.split(' ')[4] ?? '').replaceAll('\\040', ' ');
    const [type, , superOptions = ''] = right.split(' ');
    if (type === 'cgroup2') v2 ??= point;
    if (type === 'cgroup') for (const name of superOptions.split(',')) if (!v1.has(name)) v1.set(name, point);
  }
  if (v2 !== undefined) {
    const has = v2Controllers(v2).split(/\s+/);
    if (controllers.every((name) => has.includes(name))) return { version: 'cgroup-v2', root: v2 };
  }
  const [memory, pids, cpu] = controllers.map((name) => v1.get(name));
  if (memory === undefined || pids === undefined || cpu === undefined) return undefined;
  return { version: 'cgroup-v1', memory, pids, cpu };
}

/** The directories of this install, one per hierarchy. */
export function installGroups(layout: CgroupLayout, install: string): readonly string[] {
  const roots = layout.version === 'cgroup-v2' ? [layout.root] : [layout.memory, layout.pids, layout.cpu];
  return [...new Set(roots)].map((root) => join(root, `prod-access-${install}`));
}

/** The directories of one sandbox (or of `keepers`, where the supervisors live), one per hierarchy. */
export function groupsOf(layout: CgroupLayout, install: string, name: string): readonly string[] {
  return installGroups(layout, install).map((dir) => join(dir, name));
}

/** Files that hand the controllers down before a version 2 group can limit anything; outermost first. */
export function delegationWrites(layout: CgroupLayout, install: string): readonly CgroupWrite[] {
  if (layout.version === 'cgroup-v1') return [];
  const value = controllers.map((name) => `+${name}`).join(' ');
  return [layout.root, ...installGroups(layout, install)].map((dir) => ({
    file: join(dir, 'cgroup.subtree_control'),
    value,
    optional: false,
  }));
}

export function limitWrites(
  layout: CgroupLayout,
  install: string,
  name: string,
  limits: SandboxLimits,
): readonly CgroupWrite[] {
  const quota = String(Math.max(smallestQuotaUs, Math.round(limits.cpus * periodUs)));
  const memory = String(limits.memoryBytes);
  const processes = String(limits.processes);
  const write = (root: string, file: string, value: string, optional = false): CgroupWrite => ({
    file: join(root, `prod-access-${install}`, name, file),
    value,
    optional,
  });
  if (layout.version === 'cgroup-v2')
    return [
      write(layout.root, 'memory.max', memory),
      write(layout.root, 'memory.swap.max', '0', true),
      write(layout.root, 'pids.max', processes),
      write(layout.root, 'cpu.max', `${quota} ${periodUs}`),
    ];
  return [
    write(layout.memory, 'memory.limit_in_bytes', memory),
    write(layout.memory, 'memory.memsw.limit_in_bytes', memory, true),
    write(layout.memory, 'memory.kmem.tcp.limit_in_bytes', String(socketBytes(limits))),
    write(layout.pids, 'pids.max', processes),
    write(layout.cpu, 'cpu.cfs_period_us', String(periodUs)),
    write(layout.cpu, 'cpu.cfs_quota_us', quota),
  ];
}

/** Bytes of socket buffers, which version 1 counts apart from memory. */
export function socketBytes({ memoryBytes }: SandboxLimits): number {
  return Math.floor(memoryBytes * socketShare);
}

/** The limits as the kernel has them. `read` reads a file; what is no number counts as no limit. */
export function limitsInForce(
  layout: CgroupLayout,
  install: string,
  name: string,
  read: (file: string) => string,
): LimitsInForce {
  return limitsAt(layout, (root) => join(root, `prod-access-${install}`, name), read);
}

/** The same for a group that lies elsewhere: `dirOf` tells its directory in the hierarchy of that root. */
export function limitsAt(
  layout: CgroupLayout,
  dirOf: (root: string) => string,
  read: (file: string) => string,
): LimitsInForce {
  const number = (text: string | undefined): number =>
    text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  const at = (root: string, file: string): string => read(join(dirOf(root), file)).trim();
  if (layout.version === 'cgroup-v2') {
    const [quota, period] = at(layout.root, 'cpu.max').split(' ');
    return {
      memoryBytes: number(at(layout.root, 'memory.max')),
      processes: number(at(layout.root, 'pids.max')),
      cpus: number(quota) / number(period),
    };
  }
  return {
    memoryBytes: Math.max(
      number(at(layout.memory, 'memory.limit_in_bytes')),
      number(at(layout.memory, 'memory.kmem.tcp.limit_in_bytes')),
    ),
    processes: number(at(layout.pids, 'pids.max')),
    cpus: number(at(layout.cpu, 'cpu.cfs_quota_us')) / number(at(layout.cpu, 'cpu.cfs_period_us')),
  };
}
