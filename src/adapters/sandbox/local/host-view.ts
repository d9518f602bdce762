/** What the host's kernel says of a sandbox that stands: evidence that nothing inside can forge. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { insideDoor } from './bwrap-arguments.ts';
import { type CgroupLayout, groupsOf, type LimitsInForce, limitsInForce } from './cgroup-files.ts';
import { groupProcesses } from './cgroups.ts';
import type { HostView } from './findings.ts';
import { parseStatus } from './inside-report.ts';
import { type Machine, type Place, sandboxesDir } from './machine.ts';
import { allProcesses, familyOf, namespaceOf, pidsOwnedBy, readProcess } from './processes.ts';
import type { State } from './state.ts';

const namespaces = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'];

/** The host's pid of the first process inside; undefined where it does not run. */
export function initPid(place: Place): number | undefined {
  try {
    const pid = Number(/"child-pid": (\d+)/.exec(readFileSync(join(place.dir, 'bwrap.info'), 'utf8'))?.[1]);
    return readProcess(pid) === undefined || namespaceOf(pid, 'pid') === namespaceOf('self', 'pid')
      ? undefined
      : pid;
  } catch {
    return undefined;
  }
}

/** What does not change from the first process's first word on: all that is left is to see what it holds and whom it reached. */
export type EarlyView = Omit<HostView, 'descriptors' | 'connections'>;

export function earlyView(
  machine: Machine,
  cgroups: CgroupLayout | undefined,
  state: State,
  init: number,
): EarlyView {
  const { access, install } = state.labels;
  return {
    status: statusOf(init),
    supervisorStatus: state.supervisor === undefined ? new Map() : statusOf(state.supervisor),
    sharedNamespaces: namespaces.filter((kind) => {
      const inside = namespaceOf(init, kind);
      return inside === undefined || inside === namespaceOf('self', kind);
    }),
    ...(cgroups === undefined || state.limitsHeldBy === 'prlimit'
      ? { limits: rlimitsOf(init), inItsGroups: true }
      : {
          limits: groupLimits(cgroups, install, access),
          inItsGroups: groupsOf(cgroups, install, access).every((dir) => holds(dir, init)),
        }),
    coreBytes: hardLimit(init, 'Max core file size'),
    corePattern: text('/proc/sys/kernel/core_pattern')?.trim(),
    visiblePaths: [sandboxesDir(machine), '/root', '/etc/shadow', process.cwd()].filter(
      (path) => path !== '/' && !path.startsWith('/usr/') && visible(init, path),
    ),
    strangers: state.slot === undefined ? [] : strangers(machine, cgroups, state),
  };
}

function statusOf(pid: number): ReadonlyMap<string, string> {
  return parseStatus(text(`/proc/${pid}/status`)?.split('\n') ?? []);
}

/** Targets of the first process's open descriptors that are neither its input, its script nor nothing. */
export function strangeDescriptors(place: Place, init: number): readonly string[] {
  const given = [join(place.dir, 'control'), '/dev/null', `${insideDoor}/init`];
  try {
    return readdirSync(`/proc/${init}/fd`)
      .map((name) => descriptorOf(init, name))
      .filter((target) => target !== undefined)
      .filter((target) => !given.includes(target));
  } catch {
    return ['unreadable'];
  }
}

/** Undefined where it was closed since. */
function descriptorOf(pid: number, name: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/fd/${name}`);
  } catch {
    return undefined;
  }
}

function groupLimits(layout: CgroupLayout, install: string, name: string): LimitsInForce | undefined {
  try {
    return limitsInForce(layout, install, name, (file) => readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Per process and per user, as set with ulimit; no such limit exists for the processor. */
function rlimitsOf(pid: number): LimitsInForce {
  return {
    memoryBytes: hardLimit(pid, 'Max address space'),
    processes: hardLimit(pid, 'Max processes'),
    cpus: Number.NaN,
  };
}

/** As /proc/<pid>/limits names it; no limit where it is unlimited or cannot be read. */
function hardLimit(pid: number, name: string): number {
  const line = new RegExp(`^${name}\\s+\\S+\\s+(\\d+)`, 'm').exec(text(`/proc/${pid}/limits`) ?? '');
  return Number(line?.[1] ?? Number.POSITIVE_INFINITY);
}

function text(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function holds(group: string, pid: number): boolean {
  return text(join(group, 'cgroup.procs'))?.split('\n').includes(String(pid)) ?? false;
}

/** Whether the path inside leads to the host's own file: a sandbox has a /tmp as well. */
function visible(init: number, path: string): boolean {
  try {
    const [inside, outside] = [`/proc/${init}/root${path}`, path].map((at) => lstatSync(at));
    return inside?.dev === outside?.dev && inside?.ino === outside?.ino;
  } catch (error) {
    return !(
      error instanceof Error &&
      'code' in error &&
      (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    );
  }
}

/** Looks at the owners first: reading every process's details takes milliseconds. */
function strangers(machine: Machine, cgroups: CgroupLayout | undefined, state: State): readonly number[] {
  const { access, install } = state.labels;
  const grouped = cgroups === undefined ? [] : groupProcesses(cgroups, install, access);
  const loose = pidsOwnedBy(state.uid).filter((pid) => !grouped.includes(pid));
  if (loose.length === 0) return [];
  const family = familyOf(machine.install, access, allProcesses()).map(({ pid }) => pid);
  return loose.filter((pid) => !family.includes(pid) && readProcess(pid) !== undefined);
}
