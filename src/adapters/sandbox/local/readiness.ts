/** Whether sandboxes can be opened on this host: tried, not guessed. Every problem comes with what to do about it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Readiness } from '../../../ports/sandboxes.ts';
import { type Architecture, architectures, hasFilter } from '../seccomp/calls.ts';
import { seccompFilter } from '../seccomp/filter.ts';
import { delegate, findCgroups } from './cgroups.ts';
import { doorsDir, type Machine, systemPath } from './machine.ts';
import { makeHouse } from './state.ts';

const programs = ['bash', 'setpriv', 'prlimit', 'flock', 'mkfifo', 'timeout', 'unshare', 'socat', 'stty'];
const no = (problem: string, remedy: string): Readiness => ({ ready: false, problem, remedy });

export async function readiness(machine: Machine): Promise<Readiness> {
  if (process.platform !== 'linux')
    return no(
      `bubblewrap needs Linux, this is ${process.platform}`,
      'run the bot on Linux, or use the docker driver',
    );
  if (!hasFilter(process.arch))
    return no(
      `there is no system call filter for ${process.arch}`,
      `run the bot on ${architectures.join(' or ')}`,
    );
  if (!(reads('/proc/sys/kernel/seccomp/actions_avail') ?? '').includes('errno'))
    return no(
      'this kernel has no seccomp filters',
      'use a kernel with CONFIG_SECCOMP_FILTER (all of Debian and Ubuntu have it), and mount /proc/sys',
    );
  if (!executable(machine.bwrapPath))
    return no(`${machine.bwrapPath} is not there`, 'install bubblewrap: apt-get install bubblewrap');
  const missing = programs.filter((name) => !onPath(name));
  if (missing.length > 0)
    return no(
      `${missing.join(', ')} not found`,
      'install them: apt-get install bash coreutils util-linux socat',
    );
  try {
    makeHouse(machine);
    mkdirSync(doorsDir(machine), { recursive: true, mode: 0o711 });
  } catch (error) {
    return no(
      `no directory for sandboxes: ${String(error)}`,
      'let the bot write its data directory and /run/prod-access',
    );
  }
  const trouble = await tryFence(machine, process.arch);
  if (trouble !== undefined) return fenceTrouble(trouble);
  if (!machine.ownUids && machine.limits === 'enforced')
    return no(
      "not root, so sandboxes would run under the bot's own user id",
      'run the bot as root, or set limits to best-effort and accept it',
    );
  const cgroups = findCgroups(machine);
  if (cgroups !== undefined) {
    try {
      delegate(cgroups, machine.install);
      return { ready: true, limitsHeldBy: cgroups.version };
    } catch {
      // No better than no cgroup.
    }
  }
  return machine.limits === 'best-effort'
    ? { ready: true, limitsHeldBy: 'prlimit' }
    : no(
        'no cgroup with memory, pids and cpu can be written, so limits cannot be enforced',
        'run as root with /sys/fs/cgroup writable, or set limits to best-effort and accept it',
      );
}

/** Starts an empty fence behind the filter; its complaint, or undefined. */
async function tryFence(machine: Machine, architecture: Architecture): Promise<string | undefined> {
  const drop = machine.ownUids
    ? [
        'setpriv',
        `--reuid=${machine.uids.first}`,
        `--regid=${machine.uids.first}`,
        '--clear-groups',
        '--no-new-privs',
      ]
    : [];
  const fence = [
    ...[
      machine.bwrapPath,
      '--unshare-all',
      '--unshare-user',
      '--disable-userns',
      '--die-with-parent',
      '--as-pid-1',
    ],
    ...['--add-seccomp-fd', '3'],
    ...['--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev', '--clearenv', '/bin/true'],
  ];
  const [program = '', ...rest] = [...drop, ...fence];
  const child = spawn(program, rest, {
    env: { PATH: systemPath, LC_ALL: 'C' },
    timeout: 5_000,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const filter = child.stdio[3];
  if (filter instanceof Writable) filter.on('error', () => undefined).end(seccompFilter(architecture));
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (part) => {
    said += part;
  });
  try {
    const [code] = await once(child, 'close');
    return code === 0 ? undefined : (said.trim().split('\n')[0] ?? '') || `${program} ended with ${code}`;
  } catch (error) {
    return String(error);
  }
}

function fenceTrouble(said: string): Readiness {
  if (existsSync('/.dockerenv') || inContainer())
    return no(
      `bubblewrap cannot build its fence in this container (${said})`,
      'start the container with security_opt seccomp=unconfined and systempaths=unconfined, or install on the host',
    );
  if (reads('/proc/sys/kernel/unprivileged_userns_clone') === '0')
    return no(`user namespaces are forbidden (${said})`, 'sysctl -w kernel.unprivileged_userns_clone=1');
  if (reads('/proc/sys/user/max_user_namespaces') === '0')
    return no(`user namespaces are forbidden (${said})`, 'sysctl -w user.max_user_namespaces=10000');
  if (reads('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1')
    return no(
      `AppArmor forbids user namespaces (${said})`,
      'add an AppArmor profile with "userns" for bwrap, or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
    );
  return no(
    `bubblewrap cannot build its fence (${said})`,
    'run bwrap by hand with the words of the problem in mind',
  );
}

function inContainer(): boolean {
  return /docker|containerd|kubepods/.test(reads('/proc/1/cgroup') ?? '');
}

function reads(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function onPath(name: string): boolean {
  return systemPath.split(':').some((dir) => executable(join(dir, name)));
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
