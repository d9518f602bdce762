/**
 * The docker driver: containers of any engine with Docker's API on this host, a supervisor per container. Keeps the
 * promises of ports/sandboxes.ts, ports/terminals.ts and ports/sandbox-files.ts. What a container is made of stands in
 * container-options.ts, what ends it in supervise.sh; what it shares with the local driver it takes from there.
 *
 * Under the engine's usual runtime it shares the kernel with the host, behind the filter that local sandboxes have, too;
 * under gVisor's runsc it has a kernel of its own.
 */
import type { AccessId } from '../../../domain/ids.ts';
import type { SandboxFiles } from '../../../ports/sandbox-files.ts';
import type { Sandboxes } from '../../../ports/sandboxes.ts';
import type { Terminals } from '../../../ports/terminals.ts';
import { lock } from '../local/lock.ts';
import { placeOf } from '../local/machine.ts';
import { makeHouse, readEnding } from '../local/state.ts';
import { moveDeadline } from '../move-deadline.ts';
import { mustBeId, onlyFaults } from '../only-faults.ts';
import { closeOne } from './close-one.ts';
import { connectEngine } from './engine.ts';
import { heldBy } from './host-view.ts';
import { type DockerOptions, dockerMachineFrom } from './machine.ts';
import { openOne } from './open-one.ts';
import { probeStanding } from './probe.ts';
import { readFile } from './read-file.ts';
import { readiness } from './readiness.ts';
import { listAll, mustStand } from './standing.ts';
import { openTerminal } from './terminal.ts';

export type DockerSandboxes = Sandboxes &
  Terminals &
  SandboxFiles & {
    /** Why the access's last sandbox ended by its supervisor's hand; undefined where it stands or was closed. */
    endedBecause(access: AccessId): string | undefined;
  };

export function dockerSandboxes(options: DockerOptions): DockerSandboxes {
  const machine = dockerMachineFrom(options);
  const engine = connectEngine(machine.socketPath);
  return {
    readiness: () => readiness(machine, engine),
    open: (spec) => onlyFaults(() => openOne(machine, engine, spec)),
    setDeadline: (access, deadline) =>
      onlyFaults(async () =>
        moveDeadline(placeOf(machine, access), deadline, machine.clock(), () => mustStand(machine, access)),
      ),
    probe: (access) => onlyFaults(() => probeStanding(machine, engine, mustStand(machine, access))),
    close: (access) =>
      onlyFaults(async () => {
        makeHouse(machine);
        using _held = await lock(placeOf(machine, mustBeId(access)).lock);
        await closeOne(machine, engine, access);
      }),
    list: () => onlyFaults(() => listAll(machine, engine, heldBy())),
    terminal: (access, size) => onlyFaults(() => openTerminal(machine, engine, mustBeId(access), size)),
    readFile: (access, path, mostBytes) =>
      onlyFaults(() => readFile(machine, engine, mustBeId(access), path, mostBytes)),
    endedBecause: (access) => readEnding(machine, access),
  };
}
