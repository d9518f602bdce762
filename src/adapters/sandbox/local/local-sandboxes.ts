/**
 * The local driver: bubblewrap on this host, no daemon, a supervisor per sandbox. Keeps the promises of
 * ports/sandboxes.ts, ports/terminals.ts and ports/sandbox-files.ts. How a fence is built stands in bwrap-arguments.ts,
 * what ends it in supervise.sh.
 *
 * It shares the kernel with the host, behind a seccomp filter (seccomp/filter.ts): it is for engineers who are trusted.
 */
import type { AccessId } from '../../../domain/ids.ts';
import type { SandboxFiles } from '../../../ports/sandbox-files.ts';
import type { Sandboxes } from '../../../ports/sandboxes.ts';
import type { Terminals } from '../../../ports/terminals.ts';
import { moveDeadline } from '../move-deadline.ts';
import { mustBeId, onlyFaults } from '../only-faults.ts';
import { findCgroups } from './cgroups.ts';
import { closeOne } from './close-one.ts';
import { lock } from './lock.ts';
import { type LocalOptions, machineFrom, placeOf } from './machine.ts';
import { openOne } from './open-one.ts';
import { probeStanding } from './probe.ts';
import { readFile } from './read-file.ts';
import { readiness } from './readiness.ts';
import { listAll, mustStand } from './standing.ts';
import { makeHouse, readEnding } from './state.ts';
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
        using _held = await lock(placeOf(machine, mustBeId(access)).lock);
        await closeOne(machine, findCgroups(machine), access);
      }),
    list: () => onlyFaults(async () => listAll(machine, findCgroups(machine))),
    terminal: (access, size) => onlyFaults(() => openTerminal(machine, mustBeId(access), size)),
    readFile: (access, path, mostBytes) =>
      onlyFaults(() => readFile(machine, mustBeId(access), path, mostBytes)),
    endedBecause: (access) => readEnding(machine, access),
  };
}
