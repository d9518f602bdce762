/** What stands of an access: nothing, a whole sandbox, or something half made or half gone. */
import { existsSync } from 'node:fs';
import type { AccessId } from '../../../domain/ids.ts';
import { type FoundSandbox, SandboxFault } from '../../../ports/sandboxes.ts';
import { sandboxFrom, sandboxWithoutState } from '../sandbox-from.ts';
import { type CgroupLayout, groupsOf } from './cgroup-files.ts';
import { groupedAccesses } from './cgroups.ts';
import { initPid } from './host-view.ts';
import { type Machine, placeOf } from './machine.ts';
import { labelledProcesses, labelsIn, readProcess } from './processes.ts';
import { readDeadline, readState, type State, statedAccesses } from './state.ts';

export const driver = 'local';

/** The state of a sandbox that was found fenced and still stands under its supervisor. */
export function standing(machine: Machine, access: AccessId): State | undefined {
  const place = placeOf(machine, access);
  const state = readState(place);
  if (state?.phase !== 'open' || state.supervisor === undefined) return undefined;
  const supervisor = readProcess(state.supervisor);
  const labels = supervisor === undefined ? undefined : labelsIn(supervisor.argv);
  const whole =
    labels?.access === access && labels.install === machine.install && initPid(place) !== undefined;
  return whole && readDeadline(place) > machine.clock() ? state : undefined;
}

/** The standing sandbox's state, or the fault that there is none. */
export function mustStand(machine: Machine, access: AccessId): State {
  const state = standing(machine, access);
  if (state !== undefined) return state;
  throw new SandboxFault('gone', `no sandbox stands for ${access}`, { retryable: false });
}

/** Whether anything on disk or among the cgroups bears the access's name (processes are not looked at). */
export function hasTraces(machine: Machine, cgroups: CgroupLayout | undefined, access: AccessId): boolean {
  const place = placeOf(machine, access);
  const groups = cgroups === undefined ? [] : groupsOf(cgroups, machine.install, access);
  return [place.dir, place.door, ...groups].some((path) => existsSync(path));
}

/**
 * Everything of this install that has state, processes or a cgroup. Where the state was lost the labels come from the
 * supervisor's arguments, and the deadline reads 0: passed.
 */
export function listAll(machine: Machine, cgroups: CgroupLayout | undefined): readonly FoundSandbox[] {
  const processes = labelledProcesses(machine.install);
  const accesses = new Set([
    ...statedAccesses(machine),
    ...processes.map(({ labels }) => labels.access),
    ...(cgroups === undefined ? [] : groupedAccesses(cgroups, machine.install)),
  ]);
  return [...accesses].map((access) => {
    const place = placeOf(machine, access);
    const state = readState(place);
    if (state !== undefined)
      return { ...sandboxFrom(driver, place, state), stands: standing(machine, access) !== undefined };
    const own = processes.filter(({ labels }) => labels.access === access).map(({ labels }) => labels);
    const labels = own.find(({ target }) => target !== '') ?? own[0];
    return sandboxWithoutState(
      driver,
      place,
      labels ?? { install: machine.install, access, requester: '', target: '' },
      cgroups?.version ?? 'prlimit',
    );
  });
}
