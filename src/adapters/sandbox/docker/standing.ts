/** What stands of an access: nothing, a whole sandbox, or something half made or half gone. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccessId } from '../../../domain/ids.ts';
import { type FoundSandbox, type LimitsHeldBy, SandboxFault } from '../../../ports/sandboxes.ts';
import { type Place, placeOf } from '../local/machine.ts';
import { allProcesses, labelledProcesses, labelsIn, readProcess, startOf } from '../local/processes.ts';
import { readDeadline, readState, type State, statedAccesses, writeLoose } from '../local/state.ts';
import { sandboxFrom, sandboxWithoutState } from '../sandbox-from.ts';
import type { Engine } from './engine.ts';
import { type DockerMachine, supervisorMark } from './machine.ts';

export const driver = 'docker';

/** A sandbox that was found fenced, with the engine's id of its container and the host's pid of its first process. */
export type Standing = { readonly state: State; readonly container: string; readonly init: number };

/** Noted for the supervisor and for whoever comes later: number and start, for the number alone could be another's. */
export function noteInit(place: Place, pid: number): void {
  const start = startOf(pid);
  if (start === undefined)
    throw new SandboxFault(
      'unavailable',
      'the first process of the container is not among the processes that the bot sees: both must be on one host, outside of containers',
      { retryable: false },
    );
  writeLoose(place, 'init', `${pid} ${start}\n`);
}

/** The host's pid of the first process, while it is that process and runs. */
export function initPid(place: Place): number | undefined {
  const [pid, start] = (read(join(place.dir, 'init')) ?? '').split(' ');
  return start !== undefined && startOf(Number(pid)) === start ? Number(pid) : undefined;
}

export function noteContainer(place: Place, id: string): void {
  writeLoose(place, 'container', `${id}\n`);
}

/** The kernel is asked, not the engine: a sandbox stands while its first process runs under its supervisor. */
export function standing(machine: DockerMachine, access: AccessId): Standing | undefined {
  const place = placeOf(machine, access);
  const state = readState(place);
  if (state?.phase !== 'open' || state.supervisor === undefined) return undefined;
  const labels = labelsIn(readProcess(state.supervisor)?.argv ?? [], supervisorMark);
  const init = initPid(place);
  const container = read(join(place.dir, 'container'));
  if (labels?.access !== access || labels.install !== machine.install) return undefined;
  if (init === undefined || container === undefined) return undefined;
  return readDeadline(place) > machine.clock() ? { state, container, init } : undefined;
}

export function mustStand(machine: DockerMachine, access: AccessId): Standing {
  const stands = standing(machine, access);
  if (stands !== undefined) return stands;
  throw new SandboxFault('gone', `no sandbox stands for ${access}`, { retryable: false });
}

/** Whether anything on disk bears the access's name; of a container the engine tells when another is to be made. */
export function hasTraces(machine: DockerMachine, access: AccessId): boolean {
  const place = placeOf(machine, access);
  return [place.dir, place.door].some((path) => existsSync(path));
}

/**
 * Everything of this install that has state, a container or a supervisor. Where the state was lost the labels come from
 * the container or the supervisor's arguments, and the deadline reads 0: passed.
 */
export async function listAll(
  machine: DockerMachine,
  engine: Engine,
  heldBy: LimitsHeldBy,
): Promise<readonly FoundSandbox[]> {
  const contained = await engine.labelled(machine.install);
  const supervised = labelledProcesses(machine.install, allProcesses(), supervisorMark);
  const labelled = [...contained, ...supervised].map(({ labels }) => labels);
  const accesses = new Set([...statedAccesses(machine), ...labelled.map(({ access }) => access)]);
  return [...accesses].map((access) => {
    const place = placeOf(machine, access);
    const state = readState(place);
    if (state !== undefined)
      return { ...sandboxFrom(driver, place, state), stands: standing(machine, access) !== undefined };
    const labels = labelled.find((each) => each.access === access && each.target !== '');
    return sandboxWithoutState(
      driver,
      place,
      labels ?? { install: machine.install, access, requester: '', target: '' },
      heldBy,
    );
  });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
