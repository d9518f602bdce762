/**
 * The command that starts one sandbox's fence. Pure.
 *
 * Everything is unshared: no network but an empty one, no host process, no host file but /usr, a made-up /etc and
 * the call directories. Arguments that name host paths go through a file descriptor, for nothing of the host may be
 * read off a command line; the label stays on it, for ps and `list()`.
 */
import { ownPlaces } from '../../../domain/own-path.ts';
import type { SandboxLimits } from '../../../ports/sandboxes.ts';

export const label = 'prod-access-sandbox';
export const { home } = ownPlaces;
export const user = 'engineer';
/** Where the host's call directories appear inside. */
export const insideDoor = '/run/prod-access';

/** Descriptors that the supervisor opens for bubblewrap. */
const filterFd = 6;
const infoFd = 7;
const argumentsFd = 8;

export type Fence = {
  readonly access: string;
  readonly install: string;
  readonly bwrapPath: string;
  readonly uid: number;
  readonly gid: number;
  /** Whether user and group must be changed to; otherwise they are already the bot's own. */
  readonly changeUid: boolean;
  readonly limits: SandboxLimits;
  /** Host directory with `calls` (which holds the script `init` of the first process inside) and `etc`. */
  readonly door: string;
  /** Top-level directories of the host that go with /usr: links as links, directories read-only. */
  readonly system: readonly { readonly path: string; readonly link: string | undefined }[];
  /** Parts of the host's /etc that are public and needed, each existing in the made-up /etc as well. */
  readonly sharedEtc: readonly string[];
  /** Of a listener on the host's loopback, which the probe must not reach. */
  readonly probePort: number;
  /** Beside the driver's own. */
  readonly environment: Readonly<Record<string, string>>;
};

/**
 * Sizes of the three file systems that can be written to, in bytes. They live in memory, so together they get at most
 * half of it: a full disk then says so, instead of ending in the out-of-memory killer.
 */
export function diskSizes(limits: SandboxLimits): { home: number; tmp: number; shm: number } {
  const page = 4096;
  const whole = Math.min(limits.diskBytes, Math.floor(limits.memoryBytes / 2));
  const part = (share: number): number => Math.max(page, Math.floor((whole * share) / page) * page);
  return { home: part(1 / 2), tmp: part(3 / 8), shm: part(1 / 8) };
}

/** Names and values of the whole environment inside. */
export function environmentInside(access: string): Readonly<Record<string, string>> {
  return {
    HOME: home,
    USER: user,
    LOGNAME: user,
    SHELL: '/bin/bash',
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
    PROD_ACCESS_ID: access,
  };
}

/** What the supervisor executes. */
export function fenceCommand(fence: Fence): readonly string[] {
  const changed = [
    'setpriv',
    `--reuid=${fence.uid}`,
    `--regid=${fence.gid}`,
    '--clear-groups',
    '--inh-caps=-all',
    '--no-new-privs',
  ];
  return [
    ...(fence.changeUid ? changed : []),
    fence.bwrapPath,
    ...['--hostname', fence.access, '--args', String(argumentsFd), '--'],
    ...['/bin/bash', `${insideDoor}/init`, String(fence.probePort), label, fence.access, fence.install],
  ];
}

/** What bubblewrap reads from its argument descriptor. */
export function fenceArguments(fence: Fence): readonly string[] {
  const sizes = diskSizes(fence.limits);
  return [
    '--unshare-all',
    '--unshare-user',
    '--disable-userns',
    '--die-with-parent',
    '--new-session',
    // Our own first process: the deadline kills it and the kernel everything with it. Bubblewrap's would wait.
    '--as-pid-1',
    ...['--cap-drop', 'ALL'],
    ...['--info-fd', String(infoFd)],
    // Taken on last, just before the first process inside.
    ...['--add-seccomp-fd', String(filterFd)],
    ...['--ro-bind', '/usr', '/usr'],
    ...fence.system.flatMap(({ path, link }) =>
      link === undefined ? ['--ro-bind', path, path] : ['--symlink', link, path],
    ),
    ...['--ro-bind', `${fence.door}/etc`, '/etc'],
    ...fence.sharedEtc.flatMap((path) => ['--ro-bind', path, path]),
    ...['--ro-bind', `${fence.door}/calls`, insideDoor],
    ...['--proc', '/proc'],
    // The settings of its own namespaces would be the sandbox's to change.
    ...['--ro-bind', '/proc/sys', '/proc/sys'],
    ...['--dev', '/dev'],
    ...['--perms', '1777', '--size', String(sizes.shm), '--tmpfs', '/dev/shm'],
    ...['--remount-ro', '/dev'],
    ...['--perms', '0700', '--size', String(sizes.home), '--tmpfs', home],
    ...['--perms', '1777', '--size', String(sizes.tmp), '--tmpfs', '/tmp'],
    ...['--remount-ro', '/'],
    '--clearenv',
    ...Object.entries({ ...fence.environment, ...environmentInside(fence.access) }).flatMap(
      ([name, value]) => ['--setenv', name, value],
    ),
    ...['--chdir', home],
  ];
}
