/**
 * Starts one sandbox: what stands on disk first, then the supervisor, detached, which starts the fence. Returns once
 * the inside was probed; the caller holds the access's lock and clears up after a fault.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProbeFinding, SandboxFault, type SandboxSpec } from '../../../ports/sandboxes.ts';
import { type Fence, fenceArguments, fenceCommand, label } from './bwrap-arguments.ts';
import { type Call, layCall, makeFifos } from './call.ts';
import { type CgroupLayout, groupsOf } from './cgroup-files.ts';
import { createGroups, keepers } from './cgroups.ts';
import { doorsDir, type Machine, type Place, placeOf, systemPath } from './machine.ts';
import { loopbackListener, probe, probeArguments } from './probe.ts';
import { layEtc, sharedEtc, systemLinks } from './public-system.ts';
import {
  bashrcScript,
  initScript,
  listenScript,
  probeScript,
  superviseScript,
  terminalScript,
} from './scripts.ts';
import { hasFilter, seccompFilter } from './seccomp/filter.ts';
import { type State, writeDeadline, writeLoose, writeState } from './state.ts';
import { slotFile, takeSlot } from './uid-pool.ts';

/**
 * Limits of what the kernel holds for a process or user, by bash's flag: open files, locked memory in KiB, pending
 * signals and timers, bytes of message queues, and no priority above the ordinary.
 */
const kernelLimits = { n: 4096, l: 8192, i: 1024, q: 0, e: 0, r: 0 };

export type Started = { readonly state: State; readonly findings: readonly ProbeFinding[] };

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
  writeLoose(place, 'supervise.sh', superviseScript);
  writeLoose(place, 'life', `${state.life}\n`);
  if (cgroups !== undefined) createGroups(cgroups, machine.install, access, spec.limits);
  const supervisor = spawn('/bin/bash', supervisorArguments(machine, cgroups, place, state), {
    cwd: '/',
    env: { PATH: systemPath, LC_ALL: 'C' },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const broken = brokenBy(supervisor, place);
  // The supervisor moves into its cgroups while the files are laid, and waits for the word.
  await using listener = await loopbackListener();
  const laid = await layDown(machine, place, state, spec, listener.port);
  supervisor.stdin?.on('error', () => undefined).end('go\n');
  const started = { ...state, ...(supervisor.pid === undefined ? {} : { supervisor: supervisor.pid }) };
  const found = await probe(machine, cgroups, place, started, laid, listener, {
    broken,
  });
  supervisor.unref();
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
  mkdirSync(doorsDir(machine), { recursive: true, mode: 0o711 });
  for (const path of [place.door, join(place.door, 'calls'), place.sockets]) {
    mkdirSync(path, { recursive: true });
    // Whatever the umask: the sandbox's user passes through, and lists nothing.
    chmodSync(path, 0o711);
  }
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
  const files = {
    init: initScript,
    listen: listenScript,
    probe: probeScript,
    terminal: terminalScript,
    bashrc: bashrcScript,
    listeners: listeners.map(({ port: listen, socket }) => `${listen} ${socket}\n`).join(''),
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(place.door, 'calls', name), text);
    chmodSync(join(place.door, 'calls', name), 0o644);
  }
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

function supervisorArguments(
  machine: Machine,
  cgroups: CgroupLayout | undefined,
  place: Place,
  state: State,
): readonly string[] {
  const { access, install, requester, target } = state.labels;
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
    join(place.dir, 'supervise.sh'),
    ...[label, access, install, requester, target, state.life, place.dir, place.door],
    state.slot === undefined ? '-' : slotFile(machine, state.slot),
    place.ended,
    ...groups.map((dir) => `cgroup:${dir}`),
    ...houses.map((dir) => `keeper:${dir}`),
    ...ulimits.map((limit) => `ulimit:${limit}`),
  ];
}

/** Settles when the supervisor ends, with the reason as far as it is known; never rejects. */
function brokenBy(supervisor: ChildProcess, place: Place): Promise<string> {
  return new Promise((resolve) => {
    const say = (text: string): void => resolve(`it ended while opening (${text})`);
    supervisor.once('error', ({ message }) => say(message));
    supervisor.once('exit', () => say(firstLine(place.ended) ?? 'no reason was left'));
  });
}

function firstLine(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').split('\n')[0];
  } catch {
    return undefined;
  }
}

/** What is wrong, for the fault's message. */
export function unfenced(found: readonly ProbeFinding[]): string | undefined {
  const failed = found.filter(({ holds }) => !holds).map(({ check, saw }) => `${check}: ${saw}`);
  if (found.length === 0) return 'the probe found nothing';
  return failed.length === 0 ? undefined : failed.join('; ');
}

export const notFenced = (why: string): SandboxFault =>
  new SandboxFault('not-fenced', `the sandbox was destroyed, for it was not fenced: ${why}`, {
    retryable: true,
  });
