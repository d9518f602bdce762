/** The filter's decisions, by table and against a model that knows nothing of BPF, for both processors. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allowed } from '../../../../src/adapters/sandbox/seccomp/allowed.ts';
import { allow, answer, choose, encode, equals, load } from '../../../../src/adapters/sandbox/seccomp/bpf.ts';
import {
  type Architecture,
  architectures,
  hasFilter,
  syscallsOf,
} from '../../../../src/adapters/sandbox/seccomp/calls.ts';
import { seccompFilter } from '../../../../src/adapters/sandbox/seccomp/filter.ts';
import { restricted } from '../../../../src/adapters/sandbox/seccomp/restricted.ts';
import { faultsIn, run } from './bpf-machine.ts';

const token = { x64: 0xc000003e, arm64: 0xc00000b7 };
const i386 = 0x40000003;
const filters = { x64: seccompFilter('x64'), arm64: seccompFilter('arm64') };

const wordOf = (verdict: number): string => {
  if (verdict === 0x7fff0000) return 'allow';
  if (verdict === 0x80000000) return 'kill';
  return verdict >>> 16 === 5 ? `errno ${verdict & 0xffff}` : `verdict ${verdict}`;
};

function numberOf(architecture: Architecture, name: string): number | undefined {
  return [...syscallsOf(architecture)].find(([, known]) => known === name)?.[0];
}

function decide(architecture: Architecture, number: number, words: readonly bigint[] = []): string {
  return wordOf(run(filters[architecture], { architecture: token[architecture], number, arguments: words }));
}

/** By name; undefined where the processor has no such call. */
function say(
  architecture: Architecture,
  name: string,
  ...words: readonly (number | bigint)[]
): string | undefined {
  const number = numberOf(architecture, name);
  return number === undefined ? undefined : decide(architecture, number, words.map(BigInt));
}

const refused = `
  mount umount2 open_tree move_mount fsopen fsmount fspick fsconfig mount_setattr pivot_root chroot unshare setns ptrace
  process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp keyctl add_key request_key bpf perf_event_open
  userfaultfd kexec_load kexec_file_load init_module finit_module delete_module create_module query_module
  get_kernel_syms io_uring_setup io_uring_enter io_uring_register iopl ioperm reboot swapon swapoff acct quotactl
  quotactl_fd syslog settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname open_by_handle_at
  name_to_handle_at fanotify_init fanotify_mark nfsservctl lookup_dcookie vhangup modify_ldt uselib ustat sysfs _sysctl
  migrate_pages move_pages mbind set_mempolicy vmsplice memfd_secret msgget msgsnd semget shmget shmat mq_open io_setup
  io_submit remap_file_pages`
  .trim()
  .split(/\s+/);

/** What the tools inside cannot do without. */
const needed =
  'read write openat mmap execve exit_group futex wait4 pipe2 kill connect getrandom fcntl statx'.split(' ');

describe.each(architectures)('on %s', (architecture) => {
  test('the kernel would load it', () => {
    expect(faultsIn(filters[architecture])).toEqual([]);
    // More than a conditional jump reaches: so the long way of choosing is in use, and decided below.
    expect(filters[architecture].length / 8).toBeGreaterThan(255);
  });

  test('the table is the one of this processor', () => {
    const known = {
      x64: { read: 0, execve: 59, openat: 257, unshare: 272, bpf: 321, clone3: 435 },
      arm64: { read: 63, execve: 221, openat: 56, unshare: 97, bpf: 280, clone3: 435 },
    };
    for (const [name, number] of Object.entries(known[architecture]))
      expect([name, numberOf(architecture, name)]).toEqual([name, number]);
  });

  test.each(refused)('%s is refused, whatever its arguments', (name) => {
    const said = [say(architecture, name), say(architecture, name, 1, 2, 3, 4, 5, 6)];
    expect(new Set(said).size).toBe(1);
    expect([undefined, 'errno 1']).toContain(said[0]);
  });

  test.each(needed)('%s is allowed', (name) => {
    expect(say(architecture, name, 1, 2, 3)).toBe('allow');
  });

  test('numbers that the table does not know, and clone3, seem not to exist', () => {
    expect(say(architecture, 'clone3', 0, 88)).toBe('errno 38');
    for (const number of [451, 600, 0x3fff_ffff]) expect(decide(architecture, number)).toBe('errno 38');
    expect(decide(architecture, architecture === 'x64' ? 400 : 300)).toBe('errno 38');
  });

  test.each(
    architectures
      .filter((other) => other !== architecture)
      .map((other) => token[other])
      .concat(i386, 0, 0xffff_ffff),
  )('a call of architecture %i ends the process', (foreign) => {
    for (const number of [0, 1, 63, 400, 0x4000_0000])
      expect(wordOf(run(filters[architecture], { architecture: foreign, number, arguments: [] }))).toBe(
        'kill',
      );
  });

  test.each([
    ['clone', [0x0001_0f00], 'allow'],
    ['clone', [0x01_0000_0000n + 17n], 'allow'],
    ...[17, 25, 26, 27, 28, 29, 30].map((bit) => ['clone', [2 ** bit + 17], 'errno 1'] as const),
    ['clone', [0xffff_ffff_1000_0000n], 'errno 1'],
    ['mknodat', [0, 0, 0o010600], 'allow'],
    ['mknodat', [0, 0, 0o100600], 'allow'],
    ['mknodat', [0, 0, 0o020600], 'errno 1'],
    ['mknodat', [0, 0, 0o060600], 'errno 1'],
    ...[0, 8, 0x20000, 0x20008, 0xffffffff].map((word) => ['personality', [word], 'allow'] as const),
    ['personality', [0x0040000], 'errno 1'],
    ['personality', [0x0400000], 'errno 1'],
    ['ioctl', [0, 0x5401], 'allow'],
    ['ioctl', [0, 0x5412], 'errno 1'],
    ['ioctl', [0, 0x541c], 'errno 1'],
    ['ioctl', [0, 0x5423], 'errno 1'],
    // The kernel reads 32 bits of it.
    ['ioctl', [0, 0x1_0000_5412n], 'errno 1'],
    ['ioctl', [0, 0xffff_ffff_0000_541cn], 'errno 1'],
    ['socket', [1, 1, 0], 'allow'],
    ['socket', [1, 5, 0], 'allow'],
    ['socket', [2, 0x80801, 6], 'allow'],
    ['socket', [10, 2, 17], 'allow'],
    ['socket', [2, 3, 1], 'errno 1'],
    ['socket', [10, 5, 132], 'errno 1'],
    ['socket', [2, 1, 132], 'errno 1'],
    ['socket', [2, 1, 262], 'errno 1'],
    ['socket', [2, 2, 1], 'errno 1'],
    ['socket', [16, 3, 0], 'allow'],
    ...[4, 9, 12, 15, 16].map((protocol) => ['socket', [16, 3, protocol], 'errno 1'] as const),
    ...[3, 5, 17, 31, 38, 40, 44].map((family) => ['socket', [family, 1, 0], 'errno 97'] as const),
    ['socket', [0x1_0000_0028n, 1, 0], 'errno 97'],
    ['socketpair', [1, 1, 0], 'allow'],
    ['socketpair', [30, 1, 0], 'errno 1'],
    ['prlimit64', [0, 7, 0x7fff_0000_0000n], 'allow'],
    ['prlimit64', [0, 4, 0], 'allow'],
    ['prlimit64', [0, 4, 0x1000], 'errno 0'],
    ['prlimit64', [0, 4, 0x7fff_0000_0000n], 'errno 0'],
    ['setrlimit', [7, 1], 'allow'],
    ['setrlimit', [4, 1], 'errno 0'],
    ['setrlimit', [15, 1], 'allow'],
    ['setrlimit', [16, 1], 'errno 1'],
    ['prlimit64', [0, 16, 0], 'errno 1'],
  ] as const)('%s with %s: %s', (name, words, verdict) => {
    expect(say(architecture, name, ...words)).toBe(verdict);
  });

  test('decides as the model does', () => {
    const numbers = fc.oneof(
      fc.constantFrom(...syscallsOf(architecture).keys()),
      fc.constantFrom(...Object.keys(restricted).flatMap((name) => numberOf(architecture, name) ?? [])),
      fc.nat(0x3fff_ffff),
    );
    const words = fc.oneof(
      { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) },
      { weight: 1, arbitrary: telling.map((bottom) => (1n << 32n) | bottom) },
      { weight: 6, arbitrary: telling },
    );
    fc.assert(
      fc.property(numbers, fc.array(words, { minLength: 6, maxLength: 6 }), (number, six) => {
        expect(decide(architecture, number, six)).toBe(model(syscallsOf(architecture).get(number), six));
      }),
      { numRuns: 20_000 },
    );
  });
});

test('x32 calls end the process', () => {
  for (const number of [0x4000_0000, 0x4000_0000 + 59, 0x4000_0000 + 520, 0xffff_ffff])
    expect(decide('x64', number)).toBe('kill');
});

test('every allowed name is a call of one of the processors', () => {
  const known = new Set(architectures.flatMap((architecture) => [...syscallsOf(architecture).values()]));
  expect([...allowed, ...Object.keys(restricted)].filter((name) => !known.has(name))).toEqual([]);
  expect(Object.keys(restricted).filter((name) => allowed.has(name))).toEqual([]);
});

test('there is a filter for these two processors only', () => {
  expect(['x64', 'arm64', 'ia32', 'riscv64', ''].map(hasFilter)).toEqual([true, true, false, false, false]);
});

test('a choice is right at any distance', () => {
  for (const length of [1, 254, 255, 256, 257, 1_000]) {
    const far = Array.from({ length: length - 1 }).reduce<ReturnType<typeof answer>>(
      (rest) => load(0, rest),
      answer(7),
    );
    expect(far.length).toBe(length);
    const filter = encode(load(0, choose(equals(5), allow, far)));
    expect(faultsIn(filter)).toEqual([]);
    const verdict = (number: number): string =>
      wordOf(run(filter, { architecture: 0, number, arguments: [] }));
    expect([verdict(5), verdict(6)]).toEqual(['allow', 'errno 7']);
  }
});

/** Numbers that some rule, or none, asks for. */
const telling = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0n, 1n, 2n, 4n, 6n, 10n, 16n, 17n) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      3n,
      8n,
      9n,
      40n,
      132n,
      0x5412n,
      0x541cn,
      0x5423n,
      0x20000n,
      0x20008n,
      0xffffffffn,
    ),
  },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }) },
);

/** What is promised, in plain words. */
function model(name: string | undefined, words: readonly bigint[]): string {
  if (name === undefined || name === 'clone3') return 'errno 38';
  const [one = 0, two = 0, three = 0] = words.map((word) => Number(BigInt.asUintN(32, word)));
  const has = (word: number, bits: number): boolean => (BigInt(word) & BigInt(bits)) !== 0n;
  const only = (holds: boolean): string => (holds ? 'allow' : 'errno 1');
  switch (name) {
    case 'clone':
      return only(![17, 25, 26, 27, 28, 29, 30].some((bit) => has(one, 2 ** bit)));
    case 'mknod':
      return only(!has(two, 0o20000));
    case 'mknodat':
      return only(!has(three, 0o20000));
    case 'personality':
      return only([0, 8, 0x20000, 0x20008, 0xffffffff].includes(one));
    case 'ioctl':
      return only(![0x5412, 0x541c, 0x5423].includes(two));
    case 'socketpair':
      return only(one === 1);
    case 'setrlimit':
      return one === 4 ? 'errno 0' : only(one < 16);
    case 'prlimit64':
      return two === 4 && words[2] !== 0n ? 'errno 0' : only(two < 16);
    case 'socket':
      if (one === 1) return 'allow';
      if (one === 16) return only(three === 0);
      if (one !== 2 && one !== 10) return 'errno 97';
      return only([1, 2].includes(two % 16) && [0, 6, 17].includes(three));
    default:
      return only(allowed.has(name));
  }
}
