/**
 * Judges what was seen inside a sandbox, as far as all drivers promise the same. Pure. Every check needs the evidence to
 * be there: what was not seen does not hold.
 *
 * Worth of it: at the opening nothing of the requester runs yet, and the inside's word is good. Later a process inside
 * could forge it (it shares the user of the first process); then the findings named `host:` carry the weight.
 */
import { type ProbeFinding, SandboxFault, type SandboxLimits } from '../../ports/sandboxes.ts';
import { diskSizes, environmentInside, home, label } from './local/bwrap-arguments.ts';
import type { InsideReport } from './local/inside-report.ts';

export type ExpectedInside = {
  readonly access: string;
  readonly install: string;
  readonly uid: number;
  readonly gid: number;
  readonly limits: SandboxLimits;
};

export const capabilitySets = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'] as const;
/** What a sandbox may write to. */
export const writable = [home, '/tmp', '/dev/shm'];
/** Longest that a refused connection may take: there is nothing that could answer late. */
const refusedWithinMs = 500;
const forbidden = [
  ['internet', '1.1.1.1/443'],
  ['metadata', '169.254.169.254/80'],
  ['host', '127.0.0.1/'],
] as const;
const shellNames = ['_', 'PWD', 'OLDPWD', 'SHLVL'];

export function finding(check: string, holds: boolean, saw: string | undefined): ProbeFinding {
  return { check, holds, saw: saw === undefined || saw === '' ? 'nothing' : saw.slice(0, 300) };
}

/** Whoever's kernel runs it. */
export function findingsAnywhere(expected: ExpectedInside, inside: InsideReport): readonly ProbeFinding[] {
  const disks = diskSizes(expected.limits);
  const written = inside.all('write').filter((line) => !line.endsWith(' refused'));
  const processes = inside.all('process').length;
  return [
    equals(inside, 'probe-complete', 'done', 'yes'),
    ...networkFindings(inside),
    finding('identity', ...identityOf(expected, inside)),
    equals(inside, 'hostname', 'hostname', expected.access),
    finding(
      'system-not-writable',
      inside.all('write').length === 7 && written.length === 0,
      written.join(', ') || 'all refused',
    ),
    bounded(inside, 'home-bounded', home, disks.home),
    bounded(inside, 'tmp-bounded', '/tmp', disks.tmp),
    bounded(inside, 'shm-bounded', '/dev/shm', disks.shm),
    finding(
      'own-processes',
      inside.one('init') === `${label} ${expected.access} ${expected.install}` &&
        processes <= expected.limits.processes,
      `${processes} processes, first: ${inside.one('init')}`,
    ),
    equals(inside, 'no-block-devices', 'block_devices', ''),
  ];
}

/** Where the kernel is the host's: what keeps a process from becoming more than it is. */
export function privilegeFindings(inside: InsideReport): readonly ProbeFinding[] {
  const privileges = inside.status.get('NoNewPrivs');
  const userns = complaint(inside, 'unshare: unshare failed');
  const core = inside.all('limit').find((line) => line.startsWith('Max core file size'));
  return [
    capabilityFinding(inside, capabilitySets),
    finding('no-new-privileges', privileges === '1', privileges),
    // The kernel says that there is a filter, not which. This is what no other does: see restricted.ts.
    finding('our-filter', core !== undefined && /\s1\s+1\s/.test(core), core),
    finding(
      'no-user-namespaces',
      inside.one('userns') === undefined && userns !== '',
      inside.one('userns') ?? userns,
    ),
  ];
}

export function capabilityFinding(inside: InsideReport, sets: readonly string[]): ProbeFinding {
  const seen = sets.map((set) => `${set} ${inside.status.get(set) ?? '?'}`);
  return finding(
    'capabilities',
    seen.every((line) => / 0{16}$/.test(line)),
    seen.join(', '),
  );
}

/** `more`: names beside the driver's own and the shell's. */
export function environmentFinding(inside: InsideReport, more: readonly string[]): ProbeFinding {
  const allowed = [...Object.keys(environmentInside('')), ...more, ...shellNames];
  const names = [...inside.all('environment'), ...(inside.one('init_environment') ?? '?').split(' ')];
  const foreign = names.filter((name) => !allowed.includes(name));
  return finding(
    'environment',
    names.length > 1 && foreign.length === 0,
    foreign.join(' ') || [...new Set(names)].join(' '),
  );
}

export function equals(inside: InsideReport, check: string, key: string, wanted: string): ProbeFinding {
  return finding(check, inside.one(key) === wanted, inside.one(key));
}

/** What is wrong, for the fault's message. */
export function unfenced(found: readonly ProbeFinding[]): string | undefined {
  const failed = found.filter(({ holds }) => !holds).map(({ check, saw }) => `${check}: ${saw}`);
  if (found.length === 0) return 'the probe found nothing';
  return failed.length === 0 ? undefined : failed.join('; ');
}

export const notFenced = (why: string): SandboxFault =>
  new SandboxFault('not-fenced', `the sandbox was destroyed, for it was not fenced: ${why}`, {
    retryable: true,
  });

export function within(point: string, dir: string): boolean {
  return point === dir || point.startsWith(`${dir}/`);
}

function networkFindings(inside: InsideReport): readonly ProbeFinding[] {
  return [
    finding('network-interfaces', inside.interfaces.join(' ') === 'lo', inside.interfaces.join(' ')),
    finding(
      'network-routes',
      inside.all('route').length > 0 && inside.routes.length === 0,
      inside.routes.join(', ') || 'none',
    ),
    ...forbidden.map(([to, address]) => {
      const answer = inside.one(to);
      const reason = complaint(inside, `/dev/tcp/${address}`);
      const after = /^refused after (\d+) ms$/.exec(answer ?? '')?.[1];
      return finding(
        `connect-${to}`,
        after !== undefined &&
          Number(after) <= refusedWithinMs &&
          /(refused|unreachable|no route to host)/i.test(reason),
        `${answer}: ${reason}`,
      );
    }),
  ];
}

function identityOf({ uid, gid }: ExpectedInside, { status }: InsideReport): [boolean, string] {
  const four = (id: number): string => Array(4).fill(id).join('\t');
  const saw = `uid ${status.get('Uid')} gid ${status.get('Gid')} groups ${status.get('Groups')}`;
  return [status.get('Uid') === four(uid) && status.get('Gid') === four(gid), saw.replaceAll('\t', ' ')];
}

function bounded(inside: InsideReport, check: string, point: string, bound: number): ProbeFinding {
  const size = inside.mounts.findLast((mount) => mount.point === point)?.size;
  return finding(
    check,
    size !== undefined && size <= bound,
    size === undefined ? undefined : `${size} bytes`,
  );
}

/** What follows `about` on the line of standard error that names it. */
function complaint(inside: InsideReport, about: string): string {
  const line = inside.complaints.split('\n').find((text) => text.includes(about));
  return line?.slice(line.lastIndexOf(': ') + 2) ?? '';
}
