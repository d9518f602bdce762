/** A container to break out of, with another beside it. Its image has Python, and a setuid program. */
import type { DockerOptions } from '../../../../src/adapters/sandbox/docker/machine.ts';
import { allProcesses } from '../../../../src/adapters/sandbox/local/processes.ts';
import { newAccess } from '../../../contract/sandboxes.ts';
import type { TestEngine } from '../docker-engine.ts';
import { dockerGround } from '../docker-ground.ts';
import { importImage, python, usual } from '../docker-image.ts';
import { dockerWays } from './docker.ts';
import { standingOf } from './on-host.ts';
import type { Cell } from './suite.ts';

export async function dockerCell(engine: TestEngine, more: Partial<DockerOptions> = {}): Promise<Cell> {
  const image = await importImage(engine.docker, ['bash', ...usual, 'base64', 'passwd', python]);
  await using parts = new AsyncDisposableStack();
  const ground = parts.use(await dockerGround(engine, image, more));
  const access = newAccess();
  const other = newAccess();
  await Promise.all([access, other].map((one) => ground.open(one, 900_000)));
  const container = engine.docker.getContainer(`prod-access-${ground.install}-${access}`);
  const { Id, State } = await container.inspect();
  // Under gVisor the kernel that it has, and what opens the host's files for it.
  const holding = allProcesses().filter(({ argv }) => argv[0]?.startsWith('runsc') && argv.includes(Id));
  const pids = [...new Set([State.Pid, ...holding.map(({ pid }) => pid)])];
  const kept = parts.move();
  return {
    call: (script) => ground.bash(access, script),
    terminal: () => ground.sandboxes.terminal(access, { cols: 80, rows: 24 }),
    probe: () => ground.sandboxes.probe(access),
    probeOther: () => ground.sandboxes.probe(other),
    onHost: async () => standingOf(pids),
    ownWays: dockerWays({
      place: ground.place(access),
      other: ground.place(other),
      keepers: [...ground.processes(access), ...engine.processes()],
      engine: { socket: engine.socketPath, dirs: engine.dirs },
    }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
