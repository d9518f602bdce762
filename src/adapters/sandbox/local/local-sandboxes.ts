/**
 * The local driver: bubblewrap on this host, no daemon, a supervisor per sandbox. Keeps the promises of
 * ports/sandboxes.ts, ports/terminals.ts and ports/sandbox-files.ts. How a fence is built stands in bwrap-arguments.ts,
 * what ends it in supervise.sh.
 *
 * It shares the kernel with the host, behind a seccomp filter (seccomp/filter.ts): it is for engineers who are trusted.
 */
import type { AccessId } from '../../../domain/ids.ts';
import type { SandboxFiles } from '../../../ports/sandbox-files.ts';
import type { Sandbox, Sandboxes, SandboxSpec } from '../../../ports/sandboxes.ts';
import type { Terminals } from '../../../ports/terminals.ts';
import { notFenced, unfenced } from '../inside-checks.ts';
import { moveDeadline } from '../move-deadline.ts';
import { mustBeId, onlyFaults, unavailable } from '../only-faults.ts';
import type { CgroupLayout } from './cgroup-files.ts';
import { findCgroups } from './cgroups.ts';
import { closeOne } from './close-one.ts';
import { lock } from './lock.ts';
import { type LocalOptions, type Machine, machineFrom, placeOf } from './machine.ts';
import { probeStanding } from './probe.ts';
import { readFile } from './read-file.ts';
import { readiness } from './readiness.ts';
import { hasTraces, listAll, mustStand, sandboxFrom, standing } from './standing.ts';
import { start } from './start.ts';
import { makeHouse, readEnding, writeState } from './state.ts';
import { openTerminal } from './terminal.ts';

export type LocalSandboxes = Sandboxes &
  Terminals &
  SandboxFiles & {
    /** Why the access's last sandbox ended by its supervisor's hand; undefined where it stands or was closed. */
    endedBecause(access: AccessId): string | undefined;
  };

export function localSandboxes(options: LocalOptions): LocalSandboxes {
  const machine = machineFrom(options);
  return {
    readiness: () => readiness(machine),
    open: (spec) => onlyFaults(() => openOne(machine, spec)),
    setDeadline: (access, deadline) =>
      onlyFaults(async () =>
        moveDeadline(placeOf(machine, access), deadline, machine.clock(), () => mustStand(machine, access)),
      ),
    probe: (access) =>
      onlyFaults(async () => {
        const state = mustStand(machine, access);
        return await probeStanding(machine, findCgroups(machine), placeOf(machine, access), state);
      }),
    close: (access) =>
      onlyFaults(async () => {
        makeHouse(machine);
        using held = await lock(placeOf(machine, mustBeId(access)).lock);
        await closeOne(machine, findCgroups(machine), access);
        held.removeFile();
      }),
    list: () => onlyFaults(async () => listAll(machine, findCgroups(machine))),
    terminal: (access, size) => onlyFaults(() => openTerminal(machine, mustBeId(access), size)),
    readFile: (access, path, mostBytes) =>
      onlyFaults(() => readFile(machine, mustBeId(access), path, mostBytes)),
    endedBecause: (access) => readEnding(machine, access),
  };
}

async function openOne(machine: Machine, spec: SandboxSpec): Promise<Sandbox> {
  const { access, install } = spec.labels;
  const place = placeOf(machine, mustBeId(access));
  if (install !== machine.install)
    throw unavailable(`this driver opens for ${machine.install}, not ${install}`);
  if (spec.image !== undefined) throw unavailable("the local driver uses the host's /usr, not an image");
  makeHouse(machine);
  using _held = await lock(place.lock);
  const cgroups = findCgroups(machine);
  const stands = standing(machine, access);
  if (stands !== undefined) return sandboxFrom(place, stands);
  if (spec.deadline <= machine.clock()) throw unavailable('the deadline has passed already');
  if (machine.limits === 'enforced') mustEnforce(machine, cgroups);
  if (hasTraces(machine, cgroups, access)) await closeOne(machine, cgroups, access);
  try {
    const { state, findings } = await start(machine, cgroups, spec);
    const why = unfenced(findings);
    if (why !== undefined) throw notFenced(why);
    const open = { ...state, phase: 'open', checks: findings.length } as const;
    writeState(place, open);
    return sandboxFrom(place, open);
  } catch (error) {
    await closeOne(machine, cgroups, access);
    throw error;
  }
}

function mustEnforce(machine: Machine, cgroups: CgroupLayout | undefined): void {
  if (!machine.ownUids) throw unavailable("sandboxes would run under the bot's own user id; see readiness");
  if (cgroups === undefined) throw unavailable('no cgroup can be written, so limits cannot be enforced');
}
