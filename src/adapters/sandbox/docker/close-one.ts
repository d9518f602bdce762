/**
 * Ends one container and all that belongs to it, whatever state it is in: whole, half opened, its supervisor dead or
 * stopped, its files lost. Returns only after reading back that no container, process, mount or file is left. The
 * caller holds the access's lock.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { AccessId } from '../../../domain/ids.ts';
import { SandboxFault } from '../../../ports/sandboxes.ts';
import { findCgroups, removeGroups } from '../local/cgroups.ts';
import { placeOf } from '../local/machine.ts';
import { allProcesses, familyOf, killProcess, pidsOwnedBy, startOf } from '../local/processes.ts';
import { readState } from '../local/state.ts';
import { giveBackSlot, holdsSlot, slotOf } from '../local/uid-pool.ts';
import type { Engine } from './engine.ts';
import { containerName, type DockerMachine, mountinfo, supervisorMark } from './machine.ts';
import { initPid } from './standing.ts';

/** A killed process that is still there after this hangs in the kernel. */
const patienceMs = 10_000;
const roundMs = 5;
/** Together ten seconds, in which an engine that is being restarted may come back, or finish a removal under way. */
const removeRounds = 100;
const removePauseMs = 100;

/**
 * Where the engine does not answer, the first process is killed all the same, and the supervisor goes on until the
 * container is removed.
 */
export async function closeOne(machine: DockerMachine, engine: Engine, access: AccessId): Promise<void> {
  const { install } = machine;
  const place = placeOf(machine, access);
  const init = initPid(place);
  if (init !== undefined) killProcess(init);
  const slot = readState(place)?.slot ?? slotOf(machine, access);
  await removeContainer(engine, install, access);
  const until = performance.now() + patienceMs;
  const killed = new Map<number, string>();
  const still = (): string[] => {
    const own = familyOf(install, access, allProcesses(), supervisorMark).map(({ pid }) => pid);
    let found = 0;
    // By user id only where the slot is proved to be this access's: else it could be another's by now.
    const proved = slot !== undefined && machine.ownUids && holdsSlot(machine, slot, access);
    for (const pid of [...own, ...(proved ? pidsOwnedBy(machine.uids.first + slot) : [])]) {
      const start = startOf(pid);
      if (start === undefined) continue;
      found += 1;
      killed.set(pid, start);
      killProcess(pid);
    }
    const alive = [...killed].filter(([pid, start]) => startOf(pid) === start).map(([pid]) => pid);
    // One that was just killed may have started another since it was looked for: only a round that finds none is the last.
    if (found + alive.length > 0) return [`processes ${[...killed.keys()].join(' ')}`];
    for (const path of [place.door, place.dir]) remove(path);
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    return [place.door, place.dir].filter((path) => existsSync(path) || mounts.includes(` ${path}`));
  };
  for (let left = still(); left.length > 0; left = still()) {
    if (performance.now() > until) throw stuck(access, left.join(', '));
    await pause(roundMs);
  }
  if (slot !== undefined) giveBackSlot(machine, slot, access);
  remove(place.ended);
  // The one in which supervisors live, where this was the last.
  const cgroups = findCgroups({ install, mountinfo });
  if (cgroups !== undefined) removeGroups(cgroups, install, access);
}

/** By its name, and whatever else bears the access's label; until the engine knows of neither. */
async function removeContainer(engine: Engine, install: string, access: AccessId): Promise<void> {
  for (let round = 1; ; round += 1) {
    try {
      await engine.remove(containerName(install, access));
      const left = await engine.labelled(install, access);
      if (left.length === 0) return;
      for (const { id } of left) await engine.remove(id);
    } catch (error) {
      // Somebody else, such as the supervisor, may just be removing it.
      if (round > removeRounds) throw error;
    }
    if (round > removeRounds) throw stuck(access, 'its container');
    await pause(removePauseMs);
  }
}

function stuck(access: AccessId, left: string): SandboxFault {
  return new SandboxFault('stuck', `${access} could not be closed: ${left} left`, { retryable: true });
}

function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 2 });
  } catch {
    // Read back by the caller.
  }
}
