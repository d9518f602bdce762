/** Probes one sandbox: one script run inside, and a look from the host. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type ProbeFinding, SandboxFault } from '../../../ports/sandboxes.ts';
import { insideDoor } from './bwrap-arguments.ts';
import { type Call, call, layCall, makeFifos } from './call.ts';
import type { CgroupLayout } from './cgroup-files.ts';
import { findings } from './findings.ts';
import { hostView, initPid } from './host-view.ts';
import { parseReport } from './inside-report.ts';
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

/** `laid` is a call that was laid before the start, when `opening`. */
export async function probe(
  machine: Machine,
  cgroups: CgroupLayout | undefined,
  place: Place,
  state: State,
  laid: Call,
  listener: { connections(): number },
  opening?: { broken: Promise<string> },
): Promise<readonly ProbeFinding[]> {
  const options = opening === undefined ? {} : { opening: true, broken: opening.broken };
  const answer = await call(place, laid, { timeoutMs, ...options });
  const init = initPid(place);
  if (init === undefined)
    throw new SandboxFault('gone', 'no sandbox stands for this access', { retryable: false });
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
    parseReport(answer.stdout, answer.stderr),
    hostView(machine, cgroups, place, state, init, listener.connections()),
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
  const laid = layCall(place, state.gid, probeArguments(listener.port));
  await makeFifos([], laid.fifos, state.gid);
  return await probe(machine, cgroups, place, state, laid, listener);
}
