/** Judges one sandbox: by what its first process said at the start, or by a probe that is run inside now; and by a look
 * from the host. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type ProbeFinding, SandboxFault } from '../../../ports/sandboxes.ts';
import { insideDoor } from './bwrap-arguments.ts';
import { callOnce } from './call.ts';
import type { CgroupLayout } from './cgroup-files.ts';
import { findings } from './findings.ts';
import { type EarlyView, earlyView, initPid, strangeDescriptors } from './host-view.ts';
import { type InsideReport, parseReport } from './inside-report.ts';
import type { Machine, Place } from './machine.ts';
import type { State } from './state.ts';

/** A sandbox at its limits answers slowly; one that answers later than this is not known to be fenced. */
const timeoutMs = 5_000;

/** A listener on the host's loopback that counts who reaches it: from inside, nobody may. */
export async function loopbackListener(): Promise<AsyncDisposable & { port: number; connections(): number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP listener has a port');
  return {
    port: address.port,
    connections: () => connections,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export function probeArguments(port: number): readonly string[] {
  return ['/bin/bash', `${insideDoor}/probe`, String(port)];
}

/** What the host sees of the first process from its first word on. */
export type Look = { readonly init: number; readonly view: EarlyView };

export function lookFromHost(
  machine: Machine,
  cgroups: CgroupLayout | undefined,
  place: Place,
  state: State,
): Look {
  const init = initPid(place);
  if (init === undefined)
    throw new SandboxFault('gone', 'no sandbox stands for this access', { retryable: false });
  return { init, view: earlyView(machine, cgroups, state, init) };
}

/** `report` is whole by now, and `connections` all that the probe has tried. */
export function judge(
  place: Place,
  state: State,
  { init, view }: Look,
  report: InsideReport,
  connections: number,
): readonly ProbeFinding[] {
  const { access, install } = state.labels;
  return findings(
    {
      access,
      install,
      uid: state.uid,
      gid: state.gid,
      limits: state.limits,
      environment: state.environment,
    },
    report,
    { ...view, descriptors: strangeDescriptors(place, init), connections },
  );
}

/** Probes a standing sandbox, whoever opened it. */
export async function probeStanding(
  machine: Machine,
  cgroups: CgroupLayout | undefined,
  place: Place,
  state: State,
): Promise<readonly ProbeFinding[]> {
  await using listener = await loopbackListener();
  const answer = await callOnce(place, state.gid, probeArguments(listener.port), { timeoutMs });
  const report = parseReport(answer.stdout, answer.stderr);
  return judge(place, state, lookFromHost(machine, cgroups, place, state), report, listener.connections());
}
