/** Opens the sandbox of one access, or adopts the one that stands. */
import { isImage } from '../../../domain/image.ts';
import type { Sandbox, SandboxSpec } from '../../../ports/sandboxes.ts';
import { notFenced, unfenced } from '../inside-checks.ts';
import { lock } from '../local/lock.ts';
import { placeOf } from '../local/machine.ts';
import { makeHouse, writeState } from '../local/state.ts';
import { mustBeId, unavailable } from '../only-faults.ts';
import { closeOne } from './close-one.ts';
import type { Engine } from './engine.ts';
import type { DockerMachine } from './machine.ts';
import { hasTraces, sandboxFrom, standing } from './standing.ts';
import { start } from './start.ts';

export async function openOne(machine: DockerMachine, engine: Engine, spec: SandboxSpec): Promise<Sandbox> {
  const { access, install } = spec.labels;
  const place = placeOf(machine, mustBeId(access));
  if (install !== machine.install)
    throw unavailable(`this driver opens for ${machine.install}, not ${install}`);
  makeHouse(machine);
  using _held = await lock(place.lock);
  const stands = standing(machine, access);
  if (stands !== undefined) return sandboxFrom(place, stands.state);
  if (spec.deadline <= machine.clock()) throw unavailable('the deadline has passed already');
  if (machine.limits === 'enforced' && !machine.ownUids)
    throw unavailable("sandboxes would run under the bot's own user id; see readiness");
  if (!isImage(spec.image ?? machine.image))
    throw unavailable(`the image ${spec.image ?? machine.image} is not named by its digest`);
  // Also asks the engine, before anything is laid down that would have to be taken away without it.
  const left = await engine.labelled(install, access);
  if (left.length > 0 || hasTraces(machine, access)) await closeOne(machine, engine, access);
  try {
    const { state, findings } = await start(machine, engine, spec);
    const why = unfenced(findings);
    if (why !== undefined) throw notFenced(why);
    const open = { ...state, phase: 'open', checks: findings.length } as const;
    writeState(place, open);
    return sandboxFrom(place, open);
  } catch (error) {
    await closeOne(machine, engine, access);
    throw error;
  }
}
