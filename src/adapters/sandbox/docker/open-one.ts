/** Opens the container of one access, or adopts the one that stands. */
import { isImage } from '../../../domain/image.ts';
import type { Sandbox, SandboxSpec } from '../../../ports/sandboxes.ts';
import { unavailable } from '../only-faults.ts';
import { openOrAdopt } from '../open-or-adopt.ts';
import { closeOne } from './close-one.ts';
import type { Engine } from './engine.ts';
import type { DockerMachine } from './machine.ts';
import { driver, hasTraces, standing } from './standing.ts';
import { start } from './start.ts';

export function openOne(machine: DockerMachine, engine: Engine, spec: SandboxSpec): Promise<Sandbox> {
  const { access, install } = spec.labels;
  return openOrAdopt(machine, spec, {
    driver,
    standing: () => standing(machine, access)?.state,
    mustBeAble: () => mustBeAble(machine, spec.image ?? machine.image),
    hasTraces: async () => {
      // Also asks the engine, before anything is laid down that would have to be taken away without it.
      const left = await engine.labelled(install, access);
      return left.length > 0 || hasTraces(machine, access);
    },
    start: () => start(machine, engine, spec),
    close: () => closeOne(machine, engine, access),
  });
}

function mustBeAble({ limits, ownUids }: DockerMachine, image: string): void {
  if (limits === 'enforced' && !ownUids)
    throw unavailable("sandboxes would run under the bot's own user id; see readiness");
  if (!isImage(image)) throw unavailable(`the image ${image} is not named by its digest`);
}
