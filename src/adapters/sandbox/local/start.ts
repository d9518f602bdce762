/**
 * Starts one sandbox: what stands on disk first, then the supervisor, detached, which starts the fence. Returns once
 * the inside was probed; the caller holds the access's lock and clears up after a fault.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SandboxFault, type SandboxSpec } from '../../../ports/sandboxes.ts';
import { layScripts, makeDoor } from '../door.ts';
import type { Started } from '../open-or-adopt.ts';
import { hasFilter } from '../seccomp/calls.ts';
import { seccompFilter } from '../seccomp/filter.ts';
import { startSupervisor } from '../supervisor.ts';
import { type Fence, fenceArguments, fenceCommand, label } from './bwrap-arguments.ts';
import { type Call, layCall, makeFifos } from './call.ts';
import { type CgroupLayout, groupsOf } from './cgroup-files.ts';
import { createGroups, keepers } from './cgroups.ts';
import { type Machine, type Place, placeOf } from './machine.ts';
import { loopbackListener, probe, probeArguments } from './probe.ts';
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
  if (cgroups !== undefined) createGroups(cgroups, machine.install, access, spec.limits);
  const words = supervisorWords(cgroups, state);
  const supervisor = startSupervisor(machine, place, state, { mark: label, script: superviseScript, words });
  // The supervisor moves into its cgroups while the files are laid, and waits for the word.
  await using listener = await loopbackListener();
  const laid = await layDown(machine, place, state, spec, listener.port);
  supervisor.go();
  const started = { ...state, ...(supervisor.pid === undefined ? {} : { supervisor: supervisor.pid }) };
  const { broken } = supervisor;
  const found = await probe(machine, cgroups, place, started, laid, listener, { broken });
  supervisor.letGo();
  return { state: started, findings: found };
}

/** Everything that the fence reads, and the call that will probe it. */
async function layDown(
  machine: Machine,
  place: Place,
  state: State,
  { listeners, environment }: SandboxSpec,
  port: number,
): Promise<Call> {
  const shared = sharedEtc();
  makeDoor(machine, place);
  const laid = layCall(place, state.gid, probeArguments(port));
  const fifos = makeFifos([join(place.dir, 'control'), join(place.dir, 'wake')], laid.fifos, state.gid);
  layEtc(join(place.door, 'etc'), state.uid, state.gid, state.labels.access, shared);
  const fence: Fence = {
    access: state.labels.access,
    install: machine.install,
    bwrapPath: machine.bwrapPath,
    uid: state.uid,
    gid: state.gid,
    changeUid: machine.ownUids,
    limits: state.limits,
    door: place.door,
    system: systemLinks(),
    sharedEtc: shared,
    environment,
  };
  layScripts(place, initScript, listeners);
  const zeroEnded = (words: readonly string[]): string => words.map((word) => `${word}\0`).join('');
  writeLoose(place, 'command', zeroEnded(fenceCommand(fence)));
  writeLoose(place, 'bwrap.args', zeroEnded(fenceArguments(fence)));
  writeLoose(place, 'filter', ownFilter());
  await fifos;
  return laid;
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
