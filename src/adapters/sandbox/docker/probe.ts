/** Judges one container: by what its first process said at the start, or by a probe that is run inside now. */
import { type ProbeFinding, SandboxFault } from '../../../ports/sandboxes.ts';
import { type InsideReport, parseReport } from '../local/inside-report.ts';
import { loopbackListener, probeArguments } from '../local/probe.ts';
import type { State } from '../local/state.ts';
import type { Engine } from './engine.ts';
import { findings } from './findings.ts';
import { hostView } from './host-view.ts';
import type { DockerMachine } from './machine.ts';
import { runInside } from './run-inside.ts';
import type { Standing } from './standing.ts';

/** A sandbox at its limits answers slowly; one that answers later than this is not known to be fenced. */
const timeoutMs = 10_000;

export function judge(
  machine: DockerMachine,
  state: State,
  init: number,
  report: InsideReport,
  connections: number,
): readonly ProbeFinding[] {
  const { access, install } = state.labels;
  const { uid, gid, limits, environment } = state;
  const expected = { access, install, uid, gid, limits, environment, ownKernel: machine.ownKernel };
  return findings(expected, report, hostView(machine, uid, init, connections));
}

/** The probe runs as a terminal's shell does: what it says of its own privileges holds for those. */
export async function probeStanding(
  machine: DockerMachine,
  engine: Engine,
  { state, container, init }: Standing,
): Promise<readonly ProbeFinding[]> {
  await using listener = await loopbackListener();
  const { stdout, stderr } = await runInside(engine, container, probeArguments(listener.port), { timeoutMs });
  if (stdout === '')
    throw new SandboxFault('stuck', 'the sandbox: its probe said nothing', { retryable: true });
  return judge(machine, state, init, parseReport(stdout, stderr), listener.connections());
}
