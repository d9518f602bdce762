/** Cgroups of this install on the real file system: found, made, read, removed. What goes where: cgroup-files.ts. */
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { type AccessId, isAccessId } from '../../../domain/ids.ts';
import type { SandboxLimits } from '../../../ports/sandboxes.ts';
import {
  type CgroupLayout,
  delegationWrites,
  groupsOf,
  installGroups,
  layoutFrom,
  limitWrites,
} from './cgroup-files.ts';
import type { Machine } from './machine.ts';

/** Where supervisors live: out of the bot's own cgroup, which a service manager kills as a whole. */
export const keepers = 'keepers';

/** The cgroups that this process may write, or undefined. */
export function findCgroups(machine: Pick<Machine, 'mountinfo' | 'install'>): CgroupLayout | undefined {
  try {
    const layout = layoutFrom(readFileSync(machine.mountinfo, 'utf8'), (root) =>
      readFileSync(`${root}/cgroup.controllers`, 'utf8'),
    );
    if (layout === undefined) return undefined;
    for (const dir of installGroups(layout, machine.install))
      accessSync(dir.slice(0, dir.lastIndexOf('/')), constants.W_OK);
    return layout;
  } catch {
    return undefined;
  }
}

/** Makes the install's groups and hands the controllers down; throws where that is forbidden. */
export function delegate(layout: CgroupLayout, install: string): void {
  for (const dir of groupsOf(layout, install, keepers)) mkdirSync(dir, { recursive: true });
  for (const { file, value } of delegationWrites(layout, install)) {
    const has = readFileSync(file, 'utf8').split(/\s+/);
    if (value.split(' ').some((name) => !has.includes(name.slice(1)))) writeFileSync(file, value);
  }
}

/** Tried again: a close elsewhere may just be removing the install's groups as empty. */
export function createGroups(
  layout: CgroupLayout,
  install: string,
  access: AccessId,
  limits: SandboxLimits,
): void {
  for (let tries = 1; ; tries += 1) {
    try {
      delegate(layout, install);
      for (const dir of groupsOf(layout, install, access)) mkdirSync(dir, { recursive: true });
      writeLimits(layout, install, access, limits);
      return;
    } catch (error) {
      if (tries === 3) throw error;
    }
  }
}

function writeLimits(layout: CgroupLayout, install: string, access: AccessId, limits: SandboxLimits): void {
  for (const { file, value, optional } of limitWrites(layout, install, access, limits)) {
    try {
      writeFileSync(file, value, { flag: 'r+' });
    } catch (error) {
      if (!optional) throw error;
    }
  }
}

/** Processes in any of the sandbox's groups. */
export function groupProcesses(layout: CgroupLayout, install: string, access: AccessId): readonly number[] {
  const found = new Set<number>();
  for (const dir of groupsOf(layout, install, access)) {
    try {
      for (const pid of readFileSync(`${dir}/cgroup.procs`, 'utf8').split('\n'))
        if (Number(pid) > 0) found.add(Number(pid));
    } catch {
      // No such group: no process in it.
    }
  }
  return [...found];
}

/** Removes the sandbox's groups, and the install's where it was the last. Tells whether the sandbox's are gone. */
export function removeGroups(layout: CgroupLayout, install: string, access: AccessId): boolean {
  const gone = groupsOf(layout, install, access).map(removeGroup).every(Boolean);
  for (const dir of groupsOf(layout, install, keepers)) removeGroup(dir);
  for (const dir of installGroups(layout, install)) removeGroup(dir);
  return gone;
}

function removeGroup(dir: string): boolean {
  try {
    rmdirSync(dir);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}

/** Accesses that have a group. */
export function groupedAccesses(layout: CgroupLayout, install: string): readonly AccessId[] {
  const found = new Set<AccessId>();
  for (const dir of installGroups(layout, install)) {
    try {
      for (const name of readdirSync(dir)) if (isAccessId(name)) found.add(name);
    } catch {
      // This install has opened nothing yet.
    }
  }
  return [...found];
}
