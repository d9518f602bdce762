/** Judges what was seen of one local sandbox, from inside and from the host. Pure; see inside-checks.ts for its worth. */
import type { ProbeFinding } from '../../../ports/sandboxes.ts';
import {
  capabilitySets,
  type ExpectedInside,
  environmentFinding,
  equals,
  finding,
  findingsAnywhere,
  privilegeFindings,
  writable,
} from '../inside-checks.ts';
import { home } from './bwrap-arguments.ts';
import type { LimitsInForce } from './cgroup-files.ts';
import type { InsideReport } from './inside-report.ts';

export type Expected = ExpectedInside & {
  /** Names of its environment, beside the driver's own. */
  readonly environment: readonly string[];
};

export type HostView = {
  /** Of the sandbox's first process, as the host's kernel has it. */
  readonly status: ReadonlyMap<string, string>;
  /** Of its supervisor, which stands outside; empty where it is not known. */
  readonly supervisorStatus: ReadonlyMap<string, string>;
  /** Kinds of namespace that it shares with the host. */
  readonly sharedNamespaces: readonly string[];
  readonly limits: LimitsInForce | undefined;
  /** Whether the first process is in the cgroups that were meant for it, where there are any. */
  readonly inItsGroups: boolean;
  /** Most bytes that a core file may have. */
  readonly coreBytes: number;
  /** What the host does with crashes: /proc/sys/kernel/core_pattern. */
  readonly corePattern: string | undefined;
  /** Host paths that must not be visible inside, and are. */
  readonly visiblePaths: readonly string[];
  /** Processes of the sandbox's user that are not the sandbox's. */
  readonly strangers: readonly number[];
  /** What the first process holds open, but for what it was given. */
  readonly descriptors: readonly string[];
  /** Connections that the host's own listener got. */
  readonly connections: number;
};

/** What a process's status says of seccomp where a filter is in force. */
const filtered = '2';
/** File systems of the kernel's, whose own rules protect them; a new instance each. */
const kernelOwn = ['/proc', '/dev/pts'];
/** Devices without memory or effect, each bound on its own. */
const harmlessDevices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `/dev/${name}`);

export function findings(expected: Expected, inside: InsideReport, host: HostView): readonly ProbeFinding[] {
  const seccomp = inside.status.get('Seccomp');
  // Only one user exists inside, so no setuid program can become another. Who it is outside, the host says below.
  const mapped = inside.all('uid_map').map((line) => line.trim().replaceAll(/\s+/g, ' '));
  const loose = inside.mounts.filter(
    ({ point, options }) =>
      !options.includes('ro') &&
      !harmlessDevices.includes(point) &&
      ![...writable, ...kernelOwn].includes(point),
  );
  const points = inside.mounts.map(({ point }) => point);
  const known = ['/', '/usr', '/etc', '/dev', '/proc/sys'].every((point) => points.includes(point));
  const gaining = inside.mounts.filter(({ options }) => !options.includes('nosuid'));
  return [
    ...findingsAnywhere(expected, inside),
    ...privilegeFindings(inside),
    finding('seccomp', seccomp === filtered, seccomp),
    finding(
      'one-user-mapped',
      mapped.length === 1 && new RegExp(`^${expected.uid} \\d+ 1$`).test(mapped[0] ?? ''),
      mapped.join(', '),
    ),
    finding(
      'mounts-read-only',
      known && loose.length === 0,
      loose.map(({ point }) => point).join(' ') || 'all',
    ),
    finding(
      'no-setuid',
      known && gaining.length === 0,
      gaining.map(({ point }) => point).join(' ') || 'nosuid on all',
    ),
    environmentFinding(inside, expected.environment),
    equals(inside, 'no-shadow', 'shadow', 'absent'),
    equals(inside, 'nothing-of-the-host', 'kept', `${home} /run/prod-access`),
    ...hostFindings(expected, host),
  ];
}

function hostFindings(expected: Expected, host: HostView): readonly ProbeFinding[] {
  const { limits } = expected;
  const one = (key: string): string => host.status.get(key) ?? 'nothing';
  const finding = (check: string, holds: boolean, saw: string): ProbeFinding => ({
    check: `host:${check}`,
    holds,
    saw: saw.slice(0, 300),
  });
  const inForce = host.limits;
  const held = (check: string, value: number | undefined, most: number): ProbeFinding =>
    finding(check, value !== undefined && value <= most && host.inItsGroups, String(value));
  return [
    finding('no-connection', host.connections === 0, `${host.connections} connections`),
    finding(
      'namespaces',
      host.sharedNamespaces.length === 0,
      host.sharedNamespaces.join(' ') || 'all its own',
    ),
    finding(
      'capabilities',
      capabilitySets.every((set) => /^0{16}$/.test(one(set))) && one('NoNewPrivs') === '1',
      `CapBnd ${one('CapBnd')}, NoNewPrivs ${one('NoNewPrivs')}`,
    ),
    finding('seccomp', isFiltered(host), filterWords(host)),
    finding('user', one('Uid') === Array(4).fill(expected.uid).join('\t'), one('Uid').replaceAll('\t', ' ')),
    finding('user-is-its-alone', host.strangers.length === 0, host.strangers.join(' ') || 'no stranger'),
    finding('descriptors', host.descriptors.length === 0, host.descriptors.join(' ') || 'as given'),
    finding('no-host-paths', host.visiblePaths.length === 0, host.visiblePaths.join(' ') || 'none visible'),
    finding('crashes-stay-inside', crashesStayInside(host), `${host.coreBytes} bytes to ${host.corePattern}`),
    held('memory-limit', inForce?.memoryBytes, limits.memoryBytes),
    held('process-limit', inForce?.processes, limits.processes),
    // Without a cgroup nothing holds the processor; `limitsHeldBy` says so.
    ...(inForce !== undefined && Number.isNaN(inForce.cpus)
      ? []
      : [held('cpu-limit', inForce?.cpus, Math.max(limits.cpus, 0.01))]),
  ];
}

/** Filters of the bot's service are inherited, and prove nothing: the sandbox must have one more than its supervisor. */
function isFiltered({ status, supervisorStatus }: HostView): boolean {
  if (status.get('Seccomp') !== filtered) return false;
  if (supervisorStatus.get('Seccomp') === '0') return true;
  return Number(status.get('Seccomp_filters')) > Number(supervisorStatus.get('Seccomp_filters'));
}

/** `|` starts a program, which only a limit of 1 byte prevents; `@` hands to a socket, which nothing prevents. */
function crashesStayInside({ coreBytes, corePattern }: HostView): boolean {
  if (corePattern === undefined || corePattern.startsWith('@')) return false;
  return coreBytes === 1 || (coreBytes === 0 && !corePattern.startsWith('|'));
}

function filterWords({ status, supervisorStatus }: HostView): string {
  const words = (of: ReadonlyMap<string, string>): string =>
    `${of.get('Seccomp') ?? '?'} (${of.get('Seccomp_filters') ?? '?'} filters)`;
  return `${words(status)}, outside ${words(supervisorStatus)}`;
}
