/** Which files hold the limits, on machines of either cgroup version. */
import { expect, test } from 'vitest';
import {
  delegationWrites,
  groupsOf,
  layoutFrom,
  limitsInForce,
  limitWrites,
} from '../../../src/adapters/sandbox/local/cgroup-files.ts';

const limits = { memoryBytes: 536_870_912, cpus: 1.5, processes: 256, diskBytes: 0 };
const v2Line = '30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate';
const v1Lines = [
  '31 24 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
  '32 24 0:28 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids',
  '33 24 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
];
const unified = '34 24 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw';
const all = (): string => 'cpuset cpu io memory hugetlb pids\n';
const v2 = { version: 'cgroup-v2', root: '/sys/fs/cgroup' } as const;

test('version 2 where it carries all three controllers', () => {
  expect(layoutFrom(v2Line, all)).toEqual(v2);
  expect(layoutFrom([...v1Lines, unified].join('\n'), all)).toEqual({
    version: 'cgroup-v2',
    root: '/sys/fs/cgroup/unified',
  });
});

test('version 1 in a hybrid, and nothing where a controller is missing', () => {
  expect(layoutFrom([...v1Lines, unified].join('\n'), () => 'hugetlb\n')).toEqual({
    version: 'cgroup-v1',
    memory: '/sys/fs/cgroup/memory',
    pids: '/sys/fs/cgroup/pids',
    cpu: '/sys/fs/cgroup/cpu,cpuacct',
  });
  expect(layoutFrom(v1Lines.slice(1).join('\n'), all)).toBeUndefined();
  expect(layoutFrom(v2Line, () => 'memory pids\n')).toBeUndefined();
  expect(layoutFrom('', all)).toBeUndefined();
});

test('version 2: controllers handed down from the root, then limits in one directory', () => {
  const [dir = ''] = groupsOf(v2, 'ab12', 'acc_x');
  expect(dir).toBe('/sys/fs/cgroup/prod-access-ab12/acc_x');
  expect(delegationWrites(v2, 'ab12').map(({ file, value }) => [file, value])).toEqual([
    ['/sys/fs/cgroup/cgroup.subtree_control', '+memory +pids +cpu'],
    ['/sys/fs/cgroup/prod-access-ab12/cgroup.subtree_control', '+memory +pids +cpu'],
  ]);
  const writes = limitWrites(v2, 'ab12', 'acc_x', limits);
  expect(Object.fromEntries(writes.map(({ file, value }) => [file.slice(dir.length + 1), value]))).toEqual({
    'memory.max': '536870912',
    'memory.swap.max': '0',
    'pids.max': '256',
    'cpu.max': '150000 100000',
  });
});

test('version 2: what is read back, and "max" is no limit', () => {
  const files = new Map([
    ['memory.max', '536870912\n'],
    ['pids.max', '256\n'],
    ['cpu.max', '150000 100000\n'],
  ]);
  const read = (file: string): string => files.get(file.slice(file.lastIndexOf('/') + 1)) ?? '';
  expect(limitsInForce(v2, 'ab12', 'acc_x', read)).toEqual({
    memoryBytes: 536_870_912,
    processes: 256,
    cpus: 1.5,
  });
  expect(limitsInForce(v2, 'ab12', 'acc_x', () => 'max 100000\n').cpus).toBe(Number.POSITIVE_INFINITY);
  expect(limitsInForce(v2, 'ab12', 'acc_x', () => 'max\n').memoryBytes).toBe(Number.POSITIVE_INFINITY);
});

test('version 1: a directory per hierarchy, quota before nothing smaller than the kernel takes', () => {
  const layout = layoutFrom(v1Lines.join('\n'), all);
  if (layout === undefined) throw new Error('no layout');
  expect(groupsOf(layout, 'ab12', 'acc_x')).toEqual([
    '/sys/fs/cgroup/memory/prod-access-ab12/acc_x',
    '/sys/fs/cgroup/pids/prod-access-ab12/acc_x',
    '/sys/fs/cgroup/cpu,cpuacct/prod-access-ab12/acc_x',
  ]);
  expect(delegationWrites(layout, 'ab12')).toEqual([]);
  const small = limitWrites(layout, 'ab12', 'acc_x', { ...limits, cpus: 0.001 });
  expect(small.find(({ file }) => file.endsWith('cfs_quota_us'))?.value).toBe('1000');
  expect(small.filter(({ optional }) => optional).map(({ file }) => file)).toEqual([
    '/sys/fs/cgroup/memory/prod-access-ab12/acc_x/memory.memsw.limit_in_bytes',
  ]);
  expect(limitsInForce(layout, 'ab12', 'acc_x', () => '-1\n').cpus).toBe(Number.NaN);
});

test('version 1: buffers of sockets are limited too, and unlimited ones are no limit of memory', () => {
  const layout = layoutFrom(v1Lines.join('\n'), all);
  if (layout === undefined) throw new Error('no layout');
  const writes = limitWrites(layout, 'ab12', 'acc_x', limits);
  expect(writes.find(({ file }) => file.endsWith('memory.kmem.tcp.limit_in_bytes'))?.value).toBe('67108864');
  const inForce = (sockets: string): number =>
    limitsInForce(layout, 'ab12', 'acc_x', (file) => (file.includes('kmem.tcp') ? sockets : '536870912\n'))
      .memoryBytes;
  expect(inForce('67108864\n')).toBe(536_870_912);
  expect(inForce('9223372036854771712\n')).toBeGreaterThan(536_870_912);
  expect(inForce('')).toBe(Number.POSITIVE_INFINITY);
});
