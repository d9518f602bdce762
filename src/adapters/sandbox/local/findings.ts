/**
 * Judges what was seen of one sandbox, from inside and from the host. Pure. Every check needs the evidence to be there:
 * what was not seen does not hold.
 *
 * Worth of it: at the opening nothing of the requester runs yet, and the inside's word is good. Later a process inside
 * could forge it (it shares the user of the first process); then the findings named `host:` carry the weight.
 */
import type { ProbeFinding, SandboxLimits } from '../../../ports/sandboxes.ts';
import { diskSizes, environmentInside, home, label } from './bwrap-arguments.ts';
import type { LimitsInForce } from './cgroup-files.ts';
import type { InsideReport } from './inside-report.ts';

export type Expected = {
  readonly access: string;
  readonly install: string;
  readonly uid: number;
  readonly gid: number;
  readonly limits: SandboxLimits;
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
const capabilitySets = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'] as const;
const writable = [home, '/tmp', '/dev/shm'];
/** File systems of the kernel's, whose own rules protect them; a new instance each. */
const kernelOwn = ['/proc', '/dev/pts'];
/** Devices without memory or effect, each bound on its own. */
const harmlessDevices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `/dev/${name}`);
/** Longest that a refused connection may take: there is nothing that could answer late. */
const refusedWithinMs = 500;
const forbidden = [
  ['internet', '1.1.1.1/443'],
  ['metadata', '169.254.169.254/80'],
  ['host', '127.0.0.1/'],
] as const;
const shellNames = ['_', 'PWD', 'OLDPWD', 'SHLVL'];

export function findings(expected: Expected, inside: InsideReport, host: HostView): readonly ProbeFinding[] {
  const found: ProbeFinding[] = [];
  const check = (name: string, holds: boolean, saw: string | undefined): void => {
    found.push({ check: name, holds, saw: saw === undefined || saw === '' ? 'nothing' : saw.slice(0, 300) });
  };
  const equals = (name: string, key: string, wanted: string): void =>
    check(name, inside.one(key) === wanted, inside.one(key));
  const disks = diskSizes(expected.limits);

  equals('probe-complete', 'done', 'yes');
  check('network-interfaces', inside.interfaces.join(' ') === 'lo', inside.interfaces.join(' '));
  check(
    'network-routes',
    inside.all('route').length > 0 && inside.routes.length === 0,
    inside.routes.join(', ') || 'none',
  );
  for (const [to, address] of forbidden) {
    const answer = inside.one(to);
    const reason = complaint(inside, `/dev/tcp/${address}`);
    const after = /^refused after (\d+) ms$/.exec(answer ?? '')?.[1];
    check(
      `connect-${to}`,
      after !== undefined && Number(after) <= refusedWithinMs && /(refused|unreachable)/i.test(reason),
      `${answer}: ${reason}`,
    );
  }
  const capabilities = capabilitySets.map((set) => `${set} ${inside.status.get(set) ?? '?'}`);
  check(
    'capabilities',
    capabilities.every((line) => / 0{16}$/.test(line)),
    capabilities.join(', '),
  );
  const privileges = inside.status.get('NoNewPrivs');
  check('no-new-privileges', privileges === '1', privileges);
  const seccomp = inside.status.get('Seccomp');
  check('seccomp', seccomp === filtered, seccomp);
  const ids = `uid ${inside.status.get('Uid')} gid ${inside.status.get('Gid')} groups ${inside.status.get('Groups')}`;
  const { uid, gid } = expected;
  const four = (id: number): string => Array(4).fill(id).join('\t');
  check(
    'identity',
    inside.status.get('Uid') === four(uid) && inside.status.get('Gid') === four(gid),
    ids.replaceAll('\t', ' '),
  );
  // Only one user exists inside, so no setuid program can become another. Who it is outside, the host says below.
  const mapped = inside.all('uid_map').map((line) => line.trim().replaceAll(/\s+/g, ' '));
  check(
    'one-user-mapped',
    mapped.length === 1 && new RegExp(`^${uid} \\d+ 1$`).test(mapped[0] ?? ''),
    mapped.join(', '),
  );
  equals('hostname', 'hostname', expected.access);

  const written = inside.all('write').filter((line) => !line.endsWith(' refused'));
  check(
    'system-not-writable',
    inside.all('write').length === 7 && written.length === 0,
    written.join(', ') || 'all refused',
  );
  const loose = inside.mounts.filter(
    ({ point, options }) =>
      !options.includes('ro') &&
      !harmlessDevices.includes(point) &&
      ![...writable, ...kernelOwn].includes(point),
  );
  const points = inside.mounts.map(({ point }) => point);
  const known = ['/', '/usr', '/etc', '/dev', '/proc/sys'].every((point) => points.includes(point));
  check('mounts-read-only', known && loose.length === 0, loose.map(({ point }) => point).join(' ') || 'all');
  const gaining = inside.mounts.filter(({ options }) => !options.includes('nosuid'));
  check(
    'no-setuid',
    known && gaining.length === 0,
    gaining.map(({ point }) => point).join(' ') || 'nosuid on all',
  );
  for (const [name, point, bound] of [
    ['home-bounded', home, disks.home],
    ['tmp-bounded', '/tmp', disks.tmp],
    ['shm-bounded', '/dev/shm', disks.shm],
  ] as const) {
    const size = inside.mounts.findLast((mount) => mount.point === point)?.size;
    check(name, size !== undefined && size <= bound, size === undefined ? undefined : `${size} bytes`);
  }

  const userns = complaint(inside, 'unshare: unshare failed');
  check(
    'no-user-namespaces',
    inside.one('userns') === undefined && userns !== '',
    inside.one('userns') ?? userns,
  );
  const processes = inside.all('process').length;
  check(
    'own-processes',
    inside.one('init') === `${label} ${expected.access} ${expected.install}` &&
      processes <= expected.limits.processes,
    `${processes} processes, first: ${inside.one('init')}`,
  );
  const allowed = [...Object.keys(environmentInside('')), ...expected.environment, ...shellNames];
  const names = [...inside.all('environment'), ...(inside.one('init_environment') ?? '?').split(' ')];
  const foreign = names.filter((name) => !allowed.includes(name));
  check(
    'environment',
    names.length > 1 && foreign.length === 0,
    foreign.join(' ') || [...new Set(names)].join(' '),
  );
  equals('no-shadow', 'shadow', 'absent');
  check('no-block-devices', inside.one('block_devices') === '', inside.one('block_devices'));
  check('nothing-of-the-host', inside.one('kept') === `${home} /run/prod-access`, inside.one('kept'));

  return [...found, ...hostFindings(expected, host)];
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

/** What follows `about` on the line of standard error that names it. */
function complaint(inside: InsideReport, about: string): string {
  const line = inside.complaints.split('\n').find((text) => text.includes(about));
  return line?.slice(line.lastIndexOf(': ') + 2) ?? '';
}
