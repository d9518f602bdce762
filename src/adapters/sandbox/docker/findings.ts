/** Judges what was seen of one container, from inside and from the host. Pure; see inside-checks.ts for its worth. */
import type { ProbeFinding } from '../../../ports/sandboxes.ts';
import {
  capabilityFinding,
  capabilitySets,
  type ExpectedInside,
  environmentFinding,
  finding,
  findingsAnywhere,
  privilegeFindings,
  within,
  writable,
} from '../inside-checks.ts';
import type { InsideReport } from '../local/inside-report.ts';
import { processLimit } from './container-options.ts';
import type { HostView } from './host-view.ts';

export type Expected = ExpectedInside & {
  /** Names of its environment beside the driver's own, the image's included. */
  readonly environment: readonly string[];
  readonly ownKernel: boolean;
};

/** File systems of the kernel's, or that only root may write, which nobody inside can become. */
const guarded = ['/proc', '/dev', '/sys'];
/** A kernel of its own answers for itself; it does not know ambient capabilities. */
const foreignSets = capabilitySets.filter((set) => set !== 'CapAmb');

export function findings(expected: Expected, inside: InsideReport, host: HostView): readonly ProbeFinding[] {
  return [
    ...findingsAnywhere(expected, inside),
    ...mountFindings(inside),
    environmentFinding(inside, expected.environment),
    ...(expected.ownKernel ? ownKernelFindings(inside, host) : sharedKernelFindings(expected, inside, host)),
    ...boundFindings(expected, host),
  ];
}

function mountFindings({ mounts }: InsideReport): readonly ProbeFinding[] {
  const known = mounts.some(({ point }) => point === '/');
  // An image that declares a volume gets a directory of the host's disk, unbounded: this is where it shows.
  const loose = mounts.filter(
    ({ point, options }) =>
      !options.includes('ro') && ![...writable, ...guarded].some((own) => within(point, own)),
  );
  return [
    finding(
      'mounts-read-only',
      known && loose.length === 0,
      loose.map(({ point }) => point).join(' ') || 'all',
    ),
  ];
}

/** The host's kernel: what it forbids is seen from inside, and on the first process from outside. */
function sharedKernelFindings(
  expected: Expected,
  inside: InsideReport,
  host: HostView,
): readonly ProbeFinding[] {
  const one = (key: string): string => host.status.get(key) ?? 'nothing';
  const filter = inside.status.get('Seccomp');
  return [
    ...privilegeFindings(inside),
    finding('seccomp', filter === '2', filter),
    finding(
      'host:capabilities',
      capabilitySets.every((set) => /^0{16}$/.test(one(set))) && one('NoNewPrivs') === '1',
      `CapBnd ${one('CapBnd')}, NoNewPrivs ${one('NoNewPrivs')}`,
    ),
    finding('host:seccomp', one('Seccomp') === '2', one('Seccomp')),
    finding(
      'host:user',
      one('Uid') === Array(4).fill(expected.uid).join('\t'),
      one('Uid').replaceAll('\t', ' '),
    ),
    finding('host:user-is-its-alone', host.strangers.length === 0, host.strangers.join(' ') || 'no stranger'),
    finding('host:descriptors', host.descriptors.length === 0, host.descriptors.join(' ') || 'as given'),
  ];
}

/** A kernel of its own: that it is one is seen by its name, and that it is shut in on the process that it is. */
function ownKernelFindings(inside: InsideReport, host: HostView): readonly ProbeFinding[] {
  const kernel = inside.one('kernel');
  const filter = host.status.get('Seccomp');
  return [
    capabilityFinding(inside, foreignSets),
    finding('own-kernel', kernel !== undefined && kernel !== '' && kernel !== host.kernel, kernel),
    finding('host:seccomp', filter === '2', filter),
  ];
}

function boundFindings(expected: Expected, host: HostView): readonly ProbeFinding[] {
  const { limits, ownKernel } = expected;
  // A kernel of its own numbers its processes itself.
  const shared = host.sharedNamespaces.filter((kind) => !(ownKernel && ['cgroup', 'pid'].includes(kind)));
  const held = (check: string, value: number | undefined, most: number): ProbeFinding =>
    finding(`host:${check}`, value !== undefined && value <= most, String(value));
  return [
    finding('host:no-connection', host.connections === 0, `${host.connections} connections`),
    finding('host:namespaces', shared.length === 0, shared.join(' ') || 'all its own'),
    finding(
      'host:no-host-paths',
      host.visiblePaths.length === 0,
      host.visiblePaths.join(' ') || 'none visible',
    ),
    held('memory-limit', host.limits?.memoryBytes, limits.memoryBytes),
    held('process-limit', host.limits?.processes, processLimit(limits, ownKernel)),
    held('cpu-limit', host.limits?.cpus, Math.max(limits.cpus, 0.01)),
  ];
}
