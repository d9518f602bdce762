/**
 * The profile of containers says what the filter of local sandboxes says: both as the kernel gets them, the one through
 * libseccomp, for each system call of both processors and the arguments that matter.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { architectures, syscallsOf } from '../../../../src/adapters/sandbox/seccomp/calls.ts';
import { seccompFilter } from '../../../../src/adapters/sandbox/seccomp/filter.ts';
import { seccompProfile } from '../../../../src/adapters/sandbox/seccomp/profile.ts';
import { restricted } from '../../../../src/adapters/sandbox/seccomp/restricted.ts';
import { run } from './bpf-machine.ts';
import { compiled } from './libseccomp.ts';

const token = { x64: 0xc000003e, arm64: 0xc00000b7 };
const killThread = 0;
const killProcess = 0x8000_0000;
const refused = 0x0005_0001;

describe.each(architectures)('on %s', (architecture) => {
  const filter = seccompFilter(architecture);
  const profile = compiled(seccompProfile(architecture));
  const both = (number: number, words: readonly bigint[] = [], of = token[architecture]) =>
    [filter, profile].map((program) => run(program, { architecture: of, number, arguments: words }));

  test('each call that is known, without arguments', () => {
    const table = [...syscallsOf(architecture)];
    expect(table.length).toBeGreaterThan(300);
    const differ = table.filter(([number]) => {
      const [local, container] = both(number);
      return local !== container;
    });
    expect(differ).toEqual([]);
  });

  /** Each value that some rule speaks of, its neighbours in each bit, and all of those with a stray high bit. */
  const named = [
    ...[0, 1, 2, 4, 6, 10, 15, 16, 17, 0x5412, 0x541c, 0x5423, 0x2_0000, 0x2_0008, 0xffff_ffff, 0x7e02_0000],
  ].map(BigInt);
  const near = [
    ...new Set(
      named.flatMap((value) => [
        value,
        ...Array.from({ length: 32 }, (_, bit) => value ^ (1n << BigInt(bit))),
      ]),
    ),
  ];
  const interesting = near.flatMap((value) => [value, value | (1n << 32n), value | (0xffff_ffffn << 32n)]);
  const numbers = [...syscallsOf(architecture)].filter(([, name]) => Object.hasOwn(restricted, name));

  test.each(numbers)('call %i, %s, with each argument that a rule speaks of, or nearly', (number) => {
    const differ: bigint[][] = [];
    for (const at of [0, 1, 2])
      for (const value of interesting)
        for (const rest of [0n, 1n, 2n, 4n, 0x7fff_0000_1000n]) {
          const words = [0, 1, 2].map((index) => (index === at ? value : rest));
          const [local, container] = both(number, words);
          if (local !== container) differ.push(words);
        }
    expect(differ).toEqual([]);
  });

  test('any call, with any arguments', () => {
    const values = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...interesting) },
      { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) },
    );
    const calls = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...numbers.map(([number]) => number)) },
      { weight: 1, arbitrary: fc.constantFrom(...syscallsOf(architecture).keys()) },
    );
    fc.assert(
      fc.property(calls, fc.array(values, { minLength: 6, maxLength: 6 }), (number, words) => {
        const [local, container] = both(number, words);
        expect(container).toBe(local);
      }),
      { numRuns: 20_000 },
    );
  });

  test('calls of another architecture, and of x32, end the thread here and the process there', () => {
    for (const of of [0x4000_0003, token[architecture === 'x64' ? 'arm64' : 'x64'], 0])
      for (const number of [0, 1, 59, 63]) expect(both(number, [], of)).toEqual([killProcess, killThread]);
    if (architecture === 'x64')
      for (const number of [0x4000_0000, 0x4000_0000 + 59, 0x4000_0000 + 520])
        expect(both(number)).toEqual([killProcess, killThread]);
  });

  test('numbers that nobody knows are left to the runtime, which gives ENOSYS; the profile alone refuses them', () => {
    for (const number of [600, 0x3fff_ffff]) expect(both(number)[1]).toBe(refused);
  });
});

test('it is small enough to be sent with each container', () => {
  for (const architecture of architectures)
    expect(JSON.stringify(seccompProfile(architecture)).length).toBeLessThan(24_000);
});
