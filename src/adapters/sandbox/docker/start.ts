/**
 * Starts one container: what stands on disk first, then its supervisor, detached, and only then the container. Returns
 * once its first process has probed the inside; the caller holds the access's lock and clears up after a fault.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ContainerCreateOptions } from 'dockerode';
import { SandboxFault, type SandboxSpec } from '../../../ports/sandboxes.ts';
import { layScripts, makeDoor } from '../door.ts';
import { makeFifos } from '../local/call.ts';
import { groupsOf } from '../local/cgroup-files.ts';
import { delegate, findCgroups, keepers } from '../local/cgroups.ts';
import { type InsideReport, parseReport } from '../local/inside-report.ts';
import { keptDirs, type Place, placeOf } from '../local/machine.ts';
import { loopbackListener } from '../local/probe.ts';
import { layEtc } from '../local/public-system.ts';
import { type State, writeDeadline, writeState } from '../local/state.ts';
import { takeSlot } from '../local/uid-pool.ts';
import { unavailable } from '../only-faults.ts';
import type { Started } from '../open-or-adopt.ts';
import { lastWords } from '../said.ts';
import { hasFilter } from '../seccomp/calls.ts';
import { type SeccompProfile, seccompProfile } from '../seccomp/profile.ts';
import { startSupervisor } from '../supervisor.ts';
import { containerOptions } from './container-options.ts';
import type { Engine } from './engine.ts';
import { gather } from './gather.ts';
import { boundSockets, heldBy } from './host-view.ts';
import { containerName, type DockerMachine, mountinfo, supervisorMark } from './machine.ts';
import { judge } from './probe.ts';
import { initScript, superviseScript } from './scripts.ts';
import { noteContainer, noteInit } from './standing.ts';

/** From the start to the last word of the first probe; several may start at once. */
const openMs = 15_000;

/** What an image must bring, for people. */
export const imageNeeds = 'an image for sandboxes needs bash, coreutils, util-linux and socat';

export async function start(machine: DockerMachine, engine: Engine, spec: SandboxSpec): Promise<Started> {
  const place = placeOf(machine, spec.labels.access);
  mkdirSync(place.dir, { mode: 0o700 });
  const state = firstState(machine, spec);
  const { uid, gid } = state;
  writeState(place, state);
  writeDeadline(place, spec.deadline);
  const words = supervisorWords(machine, spec);
  const supervisor = startSupervisor(machine, place, state, {
    mark: supervisorMark,
    script: superviseScript,
    words,
  });
  await using listener = await loopbackListener();
  makeDoor(machine, place);
  layScripts(machine, place, initScript, spec.listeners);
  layEtc(keptDirs(machine).doors, join(place.door, 'etc'), uid, gid, spec.labels.access, []);
  const { runtime, ownKernel, image } = machine;
  const plan = {
    ...{ image, ...spec, runtime, ownKernel, uid, gid },
    ...{ door: place.door, probePort: listener.port, seccomp: ownProfile() },
  };
  const [container] = await Promise.all([
    create(engine, containerOptions(plan), plan.image),
    layFifos(place, gid),
  ]);
  noteContainer(place, container);
  supervisor.say('go');
  const report = await firstWords(engine, container, plan.image, supervisor.broken);
  const lacks = report.all('lacks');
  if (lacks.length > 0) throw unavailable(`the image ${plan.image} lacks ${lacks.join(', ')}: ${imageNeeds}`);
  const seen = await engine.inspect(container);
  if (seen?.State.Running !== true) throw unsaid('its first process has ended');
  noteInit(place, seen.State.Pid);
  const started = {
    ...state,
    // Whatever an image declares is told to the engine, and by it to every process.
    environment: ['HOSTNAME', ...seen.Config.Env.map((line) => line.split('=')[0] ?? '')],
    ...(supervisor.pid === undefined ? {} : { supervisor: supervisor.pid }),
  };
  if (machine.ownUids) boundSockets(seen.State.Pid, spec.limits);
  const found = judge(machine, started, seen.State.Pid, report, listener.connections());
  supervisor.letGo();
  return { state: started, findings: found };
}

function firstState(machine: DockerMachine, spec: SandboxSpec): State {
  const slot = machine.ownUids ? takeSlot(machine, spec.labels.access) : undefined;
  const own = slot === undefined ? undefined : machine.uids.first + slot;
  return {
    labels: spec.labels,
    limits: spec.limits,
    environment: Object.keys(spec.environment),
    limitsHeldBy: heldBy(),
    uid: own ?? process.getuid?.() ?? 0,
    gid: own ?? process.getgid?.() ?? 0,
    ...(slot === undefined ? {} : { slot }),
    life: randomBytes(8).toString('hex'),
    phase: 'opening',
    checks: 0,
  };
}

function ownProfile(): SeccompProfile {
  if (hasFilter(process.arch)) return seccompProfile(process.arch);
  throw unavailable(`there is no seccomp profile for ${process.arch}`);
}

function supervisorWords(
  machine: DockerMachine,
  { labels: { install, access } }: SandboxSpec,
): readonly string[] {
  const words = [`engine:${machine.socketPath}`, `container:${containerName(install, access)}`];
  const cgroups = findCgroups({ install, mountinfo });
  if (cgroups === undefined) return words;
  try {
    delegate(cgroups, install);
    return [...words, ...groupsOf(cgroups, install, keepers).map((dir) => `keeper:${dir}`)];
  } catch {
    // Whoever runs the bot then sees to it that its supervisors are not ended with it.
    return words;
  }
}

/** An image that is not on the host is fetched, once: it is named by its digest, so it is the one that was meant. */
async function create(engine: Engine, options: ContainerCreateOptions, image: string): Promise<string> {
  let id = await engine.create(options);
  if (id === 'no-image') {
    if (!image.includes('@')) throw unavailable(`the image ${image} is not on this host`);
    await engine.pull(image);
    id = await engine.create(options);
  }
  if (id === 'no-image')
    throw new SandboxFault('unavailable', `the image ${image} could not be pulled whole`, {
      retryable: true,
    });
  if (id === 'taken')
    throw new SandboxFault('unavailable', `another process is making ${options.name ?? 'the container'}`, {
      retryable: true,
    });
  return id;
}

/** `wake`: the host's own. `life`: held open by the supervisor, read by the first process, as long as both live. */
async function layFifos(place: Place, gid: number): Promise<void> {
  await makeFifos([join(place.dir, 'wake')], [join(place.door, 'calls', 'life')], gid, '640');
}

/** Starts it, and hears out its first process. */
async function firstWords(
  engine: Engine,
  container: string,
  image: string,
  broken: Promise<string>,
): Promise<InsideReport> {
  const socket = await engine.attach(container);
  const late = new AbortController();
  try {
    const said = gather(socket);
    await engine.start(container).catch((error: unknown) => {
      if (error instanceof SandboxFault && error.message.includes('/bin/bash'))
        throw unavailable(`the image ${image} lacks /bin/bash: ${imageNeeds}`);
      throw error;
    });
    const trouble = await Promise.race([
      said.onBoth(lastWords).then(() => undefined),
      said.ended.then(() => `it ended while opening, and said: ${said.text('stderr').slice(0, 300)}`),
      broken,
      pause(openMs, 'it did not answer in time', { signal: late.signal }),
    ]);
    if (trouble !== undefined) throw unsaid(trouble);
    return parseReport(said.text('stdout'), said.text('stderr'));
  } finally {
    late.abort();
    socket.destroy();
  }
}

function unsaid(what: string): SandboxFault {
  return new SandboxFault('stuck', `the sandbox: ${what}`, { retryable: true });
}
