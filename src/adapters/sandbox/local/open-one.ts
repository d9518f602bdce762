/** Opens the local sandbox of one access, or adopts the one that stands. */
import type { Sandbox, SandboxSpec } from '../../../ports/sandboxes.ts';
import { unavailable } from '../only-faults.ts';
import { openOrAdopt } from '../open-or-adopt.ts';
import type { CgroupLayout } from './cgroup-files.ts';
import { findCgroups } from './cgroups.ts';
import { closeOne } from './close-one.ts';
import type { Machine } from './machine.ts';
import { driver, hasTraces, standing } from './standing.ts';
import { start } from './start.ts';

export async function openOne(machine: Machine, spec: SandboxSpec): Promise<Sandbox> {
  const { access } = spec.labels;
  if (spec.image !== undefined) throw unavailable("the local driver uses the host's /usr, not an image");
  const cgroups = findCgroups(machine);
  return await openOrAdopt(machine, spec, {
    driver,
    standing: () => standing(machine, access),
    mustBeAble: () => mustBeAble(machine, cgroups),
    hasTraces: () => hasTraces(machine, cgroups, access),
    start: () => start(machine, cgroups, spec),
    close: () => closeOne(machine, cgroups, access),
  });
}

function mustBeAble({ limits, ownUids }: Machine, cgroups: CgroupLayout | undefined): void {
  if (limits !== 'enforced') return;
  if (!ownUids) throw unavailable("sandboxes would run under the bot's own user id; see readiness");
  if (cgroups === undefined) throw unavailable('no cgroup can be written, so limits cannot be enforced');
}
