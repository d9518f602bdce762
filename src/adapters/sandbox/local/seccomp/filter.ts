/**
 * The seccomp filter of a sandbox: an allow-list. Pure.
 *
 * What is not allowed gives EPERM; a number that the table does not know gives ENOSYS, so that libc falls back as on an
 * older kernel; another architecture's calls, or x32's, end the process: the table speaks of neither.
 */
import { allowed } from './allowed.ts';
import {
  allow,
  answer,
  architectureOffset,
  atLeast,
  choose,
  encode,
  equals,
  kill,
  load,
  numberOffset,
  type Program,
} from './bpf.ts';
import { denied, errno, restricted } from './restricted.ts';
import { arm64Syscalls } from './syscalls-arm64.ts';
import { x64Syscalls } from './syscalls-x64.ts';

export const architectures = ['x64', 'arm64'] as const;
/** As Node names them. */
export type Architecture = (typeof architectures)[number];

/** `linux/audit.h`: AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64. */
const tokens = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;
/** The bit that x32 sets in its numbers. */
const x32 = 0x4000_0000;
const unknown = answer(errno.ENOSYS);

const tables = { x64: syscallsFrom(x64Syscalls), arm64: syscallsFrom(arm64Syscalls) };

/** What bubblewrap reads from `--seccomp`. */
export function seccompFilter(architecture: Architecture): Uint8Array {
  return encode(filterProgram(architecture));
}

export function hasFilter(architecture: string): architecture is Architecture {
  return architectures.some((known) => known === architecture);
}

/** Names by number. */
export function syscallsOf(architecture: Architecture): ReadonlyMap<number, string> {
  return tables[architecture];
}

export function filterProgram(architecture: Architecture): Program {
  const search = searchTree(stretches(tables[architecture]));
  const native = architecture === 'x64' ? choose(atLeast(x32), kill, search) : search;
  return load(architectureOffset, choose(equals(tokens[architecture]), load(numberOffset, native), kill));
}

/** One verdict from this number up to the next stretch. */
type Stretch = { readonly from: number; readonly verdict: Program };

function stretches(table: ReadonlyMap<number, string>): readonly Stretch[] {
  const end = Math.max(...table.keys()) + 1;
  const found: Stretch[] = [];
  for (let number = 0; number <= end; number += 1) {
    const verdict = verdictOn(table.get(number));
    if (found.at(-1)?.verdict !== verdict) found.push({ from: number, verdict });
  }
  return found;
}

function verdictOn(name: string | undefined): Program {
  if (name === undefined) return unknown;
  if (Object.hasOwn(restricted, name)) return restricted[name] ?? denied;
  return allowed.has(name) ? allow : denied;
}

/** Finds the stretch in as many comparisons as its number has bits. */
function searchTree(all: readonly Stretch[]): Program {
  const at = all.length >> 1;
  const middle = all[at];
  if (middle === undefined) return denied;
  if (at === 0) return middle.verdict;
  return choose(atLeast(middle.from), searchTree(all.slice(at)), searchTree(all.slice(0, at)));
}

/** Each line of the table: the number of its first name, then names in the order of their numbers. */
function syscallsFrom(text: string): ReadonlyMap<number, string> {
  const table = new Map<number, string>();
  for (const line of text.trim().split('\n')) {
    const [first, ...names] = line.split(' ');
    for (const [at, name] of names.entries()) table.set(Number(first) + at, name);
  }
  return table;
}
