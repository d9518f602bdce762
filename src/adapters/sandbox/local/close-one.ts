/**
 * Ends one sandbox and all that belongs to it, whatever state it is in: whole, half opened, its supervisor dead or
 * stopped, its files lost. Returns only after reading back that no process, cgroup, mount or file is left. The caller
 * holds the access's lock.
 */
import { existsSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { AccessId } from '../../../domain/ids.ts';
import { SandboxFault } from '../../../ports/sandboxes.ts';
import type { CgroupLayout } from './cgroup-files.ts';
import { groupProcesses, removeGroups } from './cgroups.ts';
import { doorsDir, type Machine, placeOf } from './machine.ts';
import { allProcesses, familyOf, killProcess, startOf } from './processes.ts';
import { readState } from './state.ts';
import { giveBackSlot, holdsSlot, slotOf } from './uid-pool.ts';

/** A killed process that is still there after this hangs in the kernel. */
const patienceMs = 10_000;
const roundMs = 5;

export async function closeOne(
  machine: Machine,
  cgroups: CgroupLayout | undefined,
  access: AccessId,
): Promise<void> {
  const place = placeOf(machine, access);
  const slot = readState(place)?.slot ?? slotOf(machine, access);
  const until = performance.now() + patienceMs;
  // One that is dying has lost its arguments and groups, but holds its files and mounts until it is dead.
  const killed = new Map<number, string>();
  const still = (): string[] => {
    let found = 0;
    for (const pid of belonging(machine, cgroups, access, slot)) {
      const start = startOf(pid);
      if (start === undefined) continue;
      found += 1;
      killed.set(pid, start);
      killProcess(pid);
    }
    const alive = [...killed].filter(([pid, start]) => startOf(pid) === start).map(([pid]) => pid);
    // One that was just killed may have started another since it was looked for: only a round that finds none is the last.
    if (found + alive.length > 0) return [`processes ${[...killed.keys()].join(' ')}`];
    if (cgroups !== undefined && !removeGroups(cgroups, machine.install, access)) return ['its cgroup'];
    for (const path of [place.door, place.dir]) remove(path);
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    return [place.door, place.dir].filter((path) => existsSync(path) || mounts.includes(` ${path}`));
  };
  for (let left = still(); left.length > 0; left = still()) {
    if (performance.now() > until)
      throw new SandboxFault('stuck', `${access} could not be closed: ${left.join(', ')} left`, {
        retryable: true,
      });
    await pause(roundMs);
  }
  if (slot !== undefined) giveBackSlot(machine, slot, access);
  remove(place.ended);
  if (machine.ownUids) removeEmpty(doorsDir(machine));
}

/**
 * Every process found of the sandbox, its supervisor and watcher included. By user id only where the slot is proved to
 * be this access's: else it could be another's by now.
 */
function belonging(
  machine: Machine,
  cgroups: CgroupLayout | undefined,
  access: AccessId,
  slot: number | undefined,
): readonly number[] {
  const all = allProcesses();
  const alive = new Set(familyOf(machine.install, access, all).map(({ pid }) => pid));
  if (cgroups !== undefined)
    for (const pid of groupProcesses(cgroups, machine.install, access)) alive.add(pid);
  if (slot !== undefined && machine.ownUids && holdsSlot(machine, slot, access))
    for (const { pid, uid } of all) if (uid === machine.uids.first + slot) alive.add(pid);
  return [...alive];
}

function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 2 });
  } catch {
    // Read back by the caller.
  }
}

function removeEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch {
    // Other sandboxes stand.
  }
}
