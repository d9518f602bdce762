/**
 * Which system calls there are on each processor, and what is decided of each: the one description that the filter of
 * local sandboxes and the profile of containers are made from. Pure.
 *
 * What is not allowed gives EPERM; a number that the table does not know gives ENOSYS, so that libc falls back as on an
 * older kernel.
 */
import { allowed } from './allowed.ts';
import type { Decision } from './decision.ts';
import { denied, missing, restricted } from './restricted.ts';
import { arm64Syscalls } from './syscalls-arm64.ts';
import { x64Syscalls } from './syscalls-x64.ts';

export const architectures = ['x64', 'arm64'] as const;
/** As Node names them. */
export type Architecture = (typeof architectures)[number];

const tables = { x64: syscallsFrom(x64Syscalls), arm64: syscallsFrom(arm64Syscalls) };

export function hasFilter(architecture: string): architecture is Architecture {
  return architectures.some((known) => known === architecture);
}

/** Names by number. */
export function syscallsOf(architecture: Architecture): ReadonlyMap<number, string> {
  return tables[architecture];
}

export function decisionOn(name: string | undefined): Decision {
  if (name === undefined) return missing;
  if (Object.hasOwn(restricted, name)) return restricted[name] ?? denied;
  return allowed.has(name) ? 'allow' : denied;
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
