/** The judge of a container's probe: what was not seen does not hold, and each hole in the fence shows under its name. */
import { expect, test } from 'vitest';
import { containerOptions, processLimit } from '../../../src/adapters/sandbox/docker/container-options.ts';
import { type Expected, findings } from '../../../src/adapters/sandbox/docker/findings.ts';
import { unframer } from '../../../src/adapters/sandbox/docker/frames.ts';
import type { HostView } from '../../../src/adapters/sandbox/docker/host-view.ts';
import { parseReport } from '../../../src/adapters/sandbox/local/inside-report.ts';
import { seccompProfile } from '../../../src/adapters/sandbox/seccomp/profile.ts';

const limits = { memoryBytes: 2 ** 28, cpus: 1, processes: 64, diskBytes: 2 ** 26 };
const access = 'acc_aaaaaaaaaaaaaaaa';
const expected: Expected = {
  access,
  install: 'ab12',
  uid: 220_007,
  gid: 220_007,
  limits,
  environment: ['HOSTNAME'],
  ownKernel: false,
};
const nothing: HostView = {
  status: new Map(),
  sharedNamespaces: [],
  limits: undefined,
  visiblePaths: [],
  strangers: [],
  descriptors: [],
  connections: 0,
  kernel: 'Linux version 6.1',
};
const failed = (report: string, host = nothing, more: Partial<Expected> = {}): string[] =>
  findings({ ...expected, ...more }, parseReport(report, ''), host)
    .filter(({ holds }) => !holds)
    .map(({ check }) => check);

test('an empty report: no check from inside holds, and no limit', () => {
  for (const ownKernel of [false, true]) {
    const found = findings({ ...expected, ownKernel }, parseReport('', ''), nothing);
    expect(found.filter(({ check, holds }) => holds && !check.startsWith('host:'))).toEqual([]);
    expect(failed('', nothing, { ownKernel })).toEqual(
      expect.arrayContaining(['host:seccomp', 'host:memory-limit', 'host:process-limit', 'host:cpu-limit']),
    );
  }
});

test('a filter that is off, a volume, a variable of the host: each shows', () => {
  const report = [
    'status\tSeccomp:\t0',
    'status\tNoNewPrivs:\t0',
    'status\tCapBnd:\t00000000a80425fb',
    'limit\tMax core file size        0                    1                    bytes',
    'environment\tHOME',
    'environment\tAWS_SECRET_ACCESS_KEY',
    'mount\t1 1 0:1 / / ro - overlay overlay rw',
    'mount\t1 1 0:1 / /data rw - ext4 /dev/sda rw',
  ].join('\n');
  expect(failed(report)).toEqual(
    expect.arrayContaining([
      'seccomp',
      'no-new-privileges',
      'capabilities',
      'our-filter',
      'environment',
      'mounts-read-only',
    ]),
  );
});

test('what calls itself a kernel of its own must be another than the host has', () => {
  const report = 'kernel\tLinux version 6.1';
  expect(failed(report, nothing, { ownKernel: true })).toContain('own-kernel');
  expect(failed('kernel\tLinux version 4.4.0', nothing, { ownKernel: true })).not.toContain('own-kernel');
});

test('of namespaces only a kernel of its own may share two', () => {
  const shares = (...kinds: string[]): HostView => ({ ...nothing, sharedNamespaces: kinds });
  expect(failed('', shares('pid'))).toContain('host:namespaces');
  expect(failed('', shares('pid', 'cgroup'), { ownKernel: true })).not.toContain('host:namespaces');
  expect(failed('', shares('net'), { ownKernel: true })).toContain('host:namespaces');
});

test('a limit above the one that was asked for does not hold', () => {
  const inForce = { memoryBytes: 2 ** 29, processes: 65, cpus: 2 };
  expect(failed('', { ...nothing, limits: inForce })).toEqual(
    expect.arrayContaining(['host:memory-limit', 'host:process-limit', 'host:cpu-limit']),
  );
  expect(processLimit(limits, true)).toBeGreaterThan(processLimit(limits, false));
});

test("the driver's own variables win over those of a target", () => {
  const { Env, name } = containerOptions({
    labels: { access, install: 'ab12', requester: 'U0REQ', target: 'db' },
    limits,
    environment: { HOME: '/elsewhere', HTTPS_PROXY: 'x' },
    image: 'sha256:0',
    runtime: undefined,
    ownKernel: false,
    uid: 1,
    gid: 1,
    door: '/door',
    probePort: 1,
    seccomp: seccompProfile('x64'),
  });
  expect(name).toBe(`prod-access-ab12-${access}`);
  expect(Env).toContain('HOME=/home/engineer');
  expect(Env).toContain('HTTPS_PROXY=x');
  expect(Env).not.toContain('HOME=/elsewhere');
});

test('frames are read in whatever pieces they come', () => {
  const frame = (kind: number, text: string): Buffer => {
    const heading = Buffer.alloc(8);
    heading.writeUInt8(kind, 0);
    heading.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([heading, Buffer.from(text)]);
  };
  const sent = Buffer.concat([frame(1, 'out'), frame(2, 'error'), frame(1, ''), frame(1, ' and more')]);
  for (const size of [1, 2, 3, 7, 8, 9, 100]) {
    const unframe = unframer();
    const texts = { 1: '', 2: '' };
    for (let at = 0; at < sent.length; at += size)
      for (const { kind, bytes } of unframe(sent.subarray(at, at + size)))
        texts[kind === 1 ? 1 : 2] += bytes.toString();
    expect(texts).toEqual({ 1: 'out and more', 2: 'error' });
  }
});
