/** The judge of the probe: what was not seen does not hold, and each hole in the fence shows under its name. */
import { expect, test } from 'vitest';
import { fenceArguments, fenceCommand } from '../../../src/adapters/sandbox/local/bwrap-arguments.ts';
import { type Expected, findings, type HostView } from '../../../src/adapters/sandbox/local/findings.ts';
import { parseReport } from '../../../src/adapters/sandbox/local/inside-report.ts';

const expected: Expected = {
  access: 'acc_aaaaaaaaaaaaaaaa',
  install: 'ab12',
  uid: 210_007,
  gid: 210_007,
  limits: { memoryBytes: 2 ** 28, cpus: 1, processes: 64, diskBytes: 2 ** 26 },
  environment: ['HTTPS_PROXY'],
};
const nothing: HostView = {
  status: new Map(),
  supervisorStatus: new Map(),
  sharedNamespaces: [],
  limits: undefined,
  inItsGroups: false,
  coreBytes: Number.POSITIVE_INFINITY,
  corePattern: undefined,
  visiblePaths: [],
  strangers: [],
  descriptors: [],
  connections: 0,
};
const failed = (report: string, complaints = '', host = nothing): string[] =>
  findings(expected, parseReport(report, complaints), host)
    .filter(({ holds }) => !holds)
    .map(({ check }) => check);

test('an empty report: no check from inside holds', () => {
  const inside = findings(expected, parseReport('', ''), nothing).filter(
    ({ check }) => !check.startsWith('host:'),
  );
  expect(inside.filter(({ holds }) => holds)).toEqual([]);
});

test('no word of the kernel: no limit holds', () => {
  expect(failed('')).toEqual(
    expect.arrayContaining([
      'host:capabilities',
      'host:user',
      'host:memory-limit',
      'host:process-limit',
      'host:cpu-limit',
    ]),
  );
});

test.each([
  ['no word', {}, {}, false],
  ['no word of the supervisor', { Seccomp: '2', Seccomp_filters: '1' }, {}, false],
  ['no filter', { Seccomp: '0', Seccomp_filters: '0' }, { Seccomp: '0', Seccomp_filters: '0' }, false],
  ['one of its own', { Seccomp: '2', Seccomp_filters: '1' }, { Seccomp: '0', Seccomp_filters: '0' }, true],
  [
    "the service's only",
    { Seccomp: '2', Seccomp_filters: '2' },
    { Seccomp: '2', Seccomp_filters: '2' },
    false,
  ],
  [
    "one more than the service's",
    { Seccomp: '2', Seccomp_filters: '3' },
    { Seccomp: '2', Seccomp_filters: '2' },
    true,
  ],
  ['an old kernel, uncounted', { Seccomp: '2' }, { Seccomp: '0' }, true],
  ["an old kernel, and the service's", { Seccomp: '2' }, { Seccomp: '2' }, false],
])('seccomp, seen by the host: %s', (_, inside, outside, holds) => {
  const status = new Map(Object.entries(inside));
  const supervisorStatus = new Map(Object.entries(outside));
  expect(!failed('', '', { ...nothing, status, supervisorStatus }).includes('host:seccomp')).toBe(holds);
});

test.each([
  [1, '|/usr/lib/systemd/systemd-coredump %P', true],
  [0, '|/usr/lib/systemd/systemd-coredump %P', false],
  [1, 'core', true],
  [0, 'core', true],
  [2, 'core', false],
  [1, '@/run/coredump.socket', false],
  [1, undefined, false],
  [Number.POSITIVE_INFINITY, 'core', false],
])('a core file of %s bytes, core_pattern %s', (coreBytes, corePattern, holds) => {
  expect(failed('', '', { ...nothing, coreBytes, corePattern }).includes('host:crashes-stay-inside')).toBe(
    !holds,
  );
});

test('unlimited, or not in its group, is not limited', () => {
  const limits = { memoryBytes: Number.POSITIVE_INFINITY, processes: 65, cpus: 1 };
  expect(failed('', '', { ...nothing, limits, inItsGroups: true })).toEqual(
    expect.arrayContaining(['host:memory-limit', 'host:process-limit']),
  );
  const held = { memoryBytes: 2 ** 28, processes: 64, cpus: 1 };
  expect(failed('', '', { ...nothing, limits: held, inItsGroups: true })).not.toContain('host:memory-limit');
  expect(failed('', '', { ...nothing, limits: held })).toContain('host:memory-limit');
});

test('a connection that hangs, or is refused for another reason, is no fence', () => {
  const unreachable = 'probe: line 1: /dev/tcp/1.1.1.1/443: Network is unreachable';
  expect(failed('internet\trefused after 0 ms', unreachable)).not.toContain('connect-internet');
  expect(failed('internet\trefused after 900 ms', unreachable)).toContain('connect-internet');
  expect(failed('internet\trefused after 0 ms', 'probe: /dev/tcp/1.1.1.1/443: No such file')).toContain(
    'connect-internet',
  );
  expect(failed('internet\tconnected after 0 ms', '')).toContain('connect-internet');
});

test('a second interface, a route, a host variable and a writable mount each show', () => {
  const report = [
    'interface\tInter-|',
    'interface\t face |',
    'interface\t    lo: 0',
    'interface\t  eth0: 0',
    'route\tIface',
    'route\teth0\t00000000',
    'environment\tHOME',
    'environment\tAWS_SECRET_ACCESS_KEY',
    ...['/', '/usr', '/etc', '/dev', '/proc/sys'].map(
      (point) => `mount\t1 1 0:1 / ${point} ro,nosuid - tmpfs tmpfs rw`,
    ),
    'mount\t1 1 0:1 / /srv rw - ext4 /dev/sda rw',
  ].join('\n');
  expect(failed(report)).toEqual(
    expect.arrayContaining([
      'network-interfaces',
      'network-routes',
      'environment',
      'mounts-read-only',
      'no-setuid',
    ]),
  );
});

test('the command line carries the label and no path of the host', () => {
  const fence = {
    ...expected,
    bwrapPath: '/usr/bin/bwrap',
    changeUid: true,
    door: '/secret/door',
    system: [{ path: '/bin', link: 'usr/bin' }],
    sharedEtc: ['/etc/ssl/certs'],
    probePort: 4711,
    environment: { HTTPS_PROXY: 'http://127.0.0.1:3128' },
  };
  const command = fenceCommand(fence).join(' ');
  expect(command).toContain(`--hostname ${expected.access}`);
  expect(command).toContain(`prod-access-sandbox ${expected.access} ab12`);
  expect(command).not.toContain('/secret');
  const words = fenceArguments(fence);
  for (const flag of ['--unshare-all', '--disable-userns', '--die-with-parent', '--clearenv', '--as-pid-1'])
    expect(words).toContain(flag);
});
