/**
 * Starts one sandbox: what stands on disk first, then the supervisor, detached, which starts the fence. Returns once
 * the inside was probed; the caller holds the access's lock and clears up after a fault.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SandboxFault, type SandboxSpec } from '../../../ports/sandboxes.ts';
import { layScripts, makeDoor } from '../door.ts';
import { inTime, stuck } from '../first-line.ts';
import { layKept } from '../kept.ts';
import type { Started } from '../open-or-adopt.ts';
import { lastWords, type Said, saidBy } from '../said.ts';
import { hasFilter } from '../seccomp/calls.ts';
import { seccompFilter } from '../seccomp/filter.ts';
import { type Supervisor, startSupervisor } from '../supervisor.ts';
import { type Fence, fenceArguments, fenceCommand, label } from './bwrap-arguments.ts';
import { type CgroupLayout, groupsOf } from './cgroup-files.ts';
import { createGroups, keepers } from './cgroups.ts';
import { parseReport } from './inside-report.ts';
import { keptDirs, type Machine, type Place, placeOf } from './machine.ts';
import { judge, lookFromHost, loopbackListener } from './probe.ts';
import { layEtc, sharedEtc, systemLinks } from './public-system.ts';
import { initScript, superviseScript } from './scripts.ts';
import { type State, writeDeadline, writeLoose, writeState } from './state.ts';
import { takeSlot } from './uid-pool.ts';

/**
 * Limits of what the kernel holds for a process or user, by bash's flag: open files, locked memory in KiB, pending
 * signals and timers, bytes of message queues, and no priority above the ordinary.
 */
const kernelLimits = { n: 4096, l: 8192, i: 1024, q: 0, e: 0, r: 0 };

export async function start(
  machine: Machine,
  cgroups: CgroupLayout | undefined,
  spec: SandboxSpec,
): Promise<Started> {
  const { access } = spec.labels;
  const place = placeOf(machine, access);
  mkdirSync(place.dir, { mode: 0o700 });
  const slot = machine.ownUids ? takeSlot(machine, access) : undefined;
  const uid = slot === undefined ? (process.getuid?.() ?? 0) : machine.uids.first + slot;
  const gid = slot === undefined ? (process.getgid?.() ?? 0) : uid;
  const state: State = {
    labels: spec.labels,
    limits: spec.limits,
    environment: Object.keys(spec.environment),
    limitsHeldBy: cgroups?.version ?? 'prlimit',
    uid,
    gid,
    ...(slot === undefined ? {} : { slot }),
    life: randomBytes(8).toString('hex'),
    phase: 'opening',
    checks: 0,
  };
  writeState(place, state);
  writeDeadline(place, spec.deadline);
  await using listener = await loopbackListener();
  const fence = fenceOf(machine, place, spec, state, listener.port);
  const words = [...supervisorWords(cgroups, state), ...fenceCommand(fence).map((word) => `run:${word}`)];
  const supervisor = startSupervisor(machine, place, state, { mark: label, script: superviseScript, words });
  try {
    // The supervisor makes ready while cgroups and files are laid, and waits for a word on each.
    if (cgroups !== undefined) createGroups(cgroups, machine.install, access, spec.limits);
    supervisor.say('limits');
    layDown(machine, place, spec, fence);
    supervisor.say('go');
    const started = { ...state, ...(supervisor.pid === undefined ? {} : { supervisor: supervisor.pid }) };
    const heard = saidBy(supervisor.outputs);
    await unlessBroken(supervisor, heard, heard.begun());
    // While the first process looks around.
    const look = lookFromHost(machine, cgroups, place, started);
    await unlessBroken(supervisor, heard, heard.onBoth(lastWords));
    const report = parseReport(heard.text('stdout'), heard.text('stderr'));
    return { state: started, findings: judge(place, started, look, report, listener.connections()) };
  } finally {
    supervisor.letGo();
  }
}

async function unlessBroken({ broken }: Supervisor, heard: Said, word: Promise<void>): Promise<void> {
  const trouble = await inTime(Promise.race([word.then(() => undefined), broken]));
  if (trouble === undefined) return;
  const complaint = heard.text('stderr').trim();
  throw stuck(complaint === '' ? trouble : `${trouble}, and said: ${complaint.slice(0, 300)}`);
}

function fenceOf(machine: Machine, place: Place, spec: SandboxSpec, state: State, probePort: number): Fence {
  return {
    access: state.labels.access,
    install: machine.install,
    bwrapPath: machine.bwrapPath,
    uid: state.uid,
    gid: state.gid,
    changeUid: machine.ownUids,
    limits: state.limits,
    door: place.door,
    system: systemLinks(),
    sharedEtc: sharedEtc(),
    probePort,
    environment: spec.environment,
  };
}

/** Everything that the fence reads. */
function layDown(machine: Machine, place: Place, { listeners }: SandboxSpec, fence: Fence): void {
  const kept = keptDirs(machine);
  makeDoor(machine, place);
  layEtc(kept.doors, join(place.door, 'etc'), fence.uid, fence.gid, fence.access, fence.sharedEtc);
  layScripts(machine, place, initScript, listeners);
  const words = fenceArguments(fence).map((word) => `${word}\0`);
  writeLoose(place, 'bwrap.args', words.join(''));
  layKept(kept.states, join(place.dir, 'filter'), ownFilter(), 0o600);
}

function ownFilter(): Uint8Array {
  if (hasFilter(process.arch)) return seccompFilter(process.arch);
  throw new SandboxFault('unavailable', `there is no seccomp filter for ${process.arch}`, {
    retryable: false,
  });
}

function supervisorWords(cgroups: CgroupLayout | undefined, state: State): readonly string[] {
  const { access, install } = state.labels;
  const groups = cgroups === undefined ? [] : groupsOf(cgroups, install, access);
  const houses = cgroups === undefined ? [] : groupsOf(cgroups, install, keepers);
  const { memoryBytes, processes } = state.limits;
  // Processes are counted per user id, and without one of their own the bot's would count as well: all the same.
  const ulimits = [
    ...Object.entries(kernelLimits).map(([flag, most]) => `${flag}=${most}`),
    `u=${processes}`,
    ...(cgroups === undefined ? [`v=${Math.floor(memoryBytes / 1024)}`] : []),
  ];
  return [
    ...groups.map((dir) => `cgroup:${dir}`),
    ...houses.map((dir) => `keeper:${dir}`),
    ...ulimits.map((limit) => `ulimit:${limit}`),
  ];
}
