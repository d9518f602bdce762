/** What the local driver was told, and where things of one sandbox lie on this host. Paths only: no I/O but geteuid. */
import { join } from 'node:path';
import type { AccessId } from '../../../domain/ids.ts';

export type LocalOptions = {
  /** Where state is kept; must be closed to other users. */
  readonly dataDir: string;
  /** Which bot this is; sandboxes of others are neither seen nor touched. */
  readonly install: string;
  /** `enforced` refuses where no cgroup is writable or no user id of its own can be had; `best-effort` goes on. */
  readonly limits: 'enforced' | 'best-effort';
  /** Now, in epoch milliseconds. The supervisor follows the host's clock whatever stands here. */
  readonly clock?: () => number;
  readonly bwrapPath?: string;
  /**
   * Where the directories lie that sandboxes see. Sandboxes run under other user ids, which must be able to
   * traverse this path, and the data directory is closed to them. Used when running as root only.
   */
  readonly runDir?: string;
  /** User ids that no account uses; each standing sandbox has one of them. Used when running as root only. */
  readonly uids?: { readonly first: number; readonly count: number };
  /** Mount table to find cgroups in. */
  readonly mountinfo?: string;
};

export type Machine = Required<LocalOptions> & {
  /** Whether each sandbox can be given a user id of its own. */
  readonly ownUids: boolean;
};

/** What decides where things lie and whose they are: all that the files shared with other drivers need to know. */
export type House = Pick<Machine, 'dataDir' | 'install' | 'runDir' | 'uids' | 'ownUids'>;

/** Paths of one sandbox. */
export type Place = {
  /** State directory, mode 0700: `state.json`, `deadline`, `life`, FIFOs `control` and `wake`, what bubblewrap reads. */
  readonly dir: string;
  /** What the sandbox sees of the host: `calls` at /run/prod-access and `etc` at /etc, both read-only inside. */
  readonly door: string;
  /** Within the calls: where the host's sockets go that the sandbox may connect to. */
  readonly sockets: string;
  readonly lock: string;
  /** Why the supervisor ended it, until the access is closed or opened again. */
  readonly ended: string;
};

/** Where the programs are that the driver itself runs, whatever the bot's own environment says. */
export const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const installPattern = /^[a-z0-9][a-z0-9-]{0,39}$/;

export function mustBeInstall(install: string): void {
  if (!installPattern.test(install))
    throw new RangeError(`an install is up to 40 of a-z, 0-9 and -, not ${JSON.stringify(install)}`);
}

export function machineFrom(options: LocalOptions): Machine {
  mustBeInstall(options.install);
  return {
    clock: Date.now,
    bwrapPath: '/usr/bin/bwrap',
    runDir: '/run/prod-access',
    uids: { first: 210_000, count: 4096 },
    mountinfo: '/proc/self/mountinfo',
    ...options,
    ownUids: process.geteuid?.() === 0,
  };
}

export function sandboxesDir(house: House): string {
  return join(house.dataDir, 'sandboxes');
}

/** Directory of all doors of this install. Without user ids of their own sandboxes can traverse the data directory. */
export function doorsDir(house: House): string {
  return house.ownUids ? join(house.runDir, house.install) : join(sandboxesDir(house), 'doors');
}

/** Where files are kept that many sandboxes have alike: of their doors, and of their state directories. */
export function keptDirs(house: House): { readonly doors: string; readonly states: string } {
  const states = join(sandboxesDir(house), '.kept');
  return { doors: house.ownUids ? join(house.runDir, '.kept') : states, states };
}

export function placeOf(house: House, access: AccessId): Place {
  const all = sandboxesDir(house);
  const door = join(doorsDir(house), access);
  return {
    dir: join(all, access),
    door,
    sockets: join(door, 'calls', 'sockets'),
    lock: join(all, 'locks', access),
    ended: join(all, 'ended', access),
  };
}

export function slotsDir(house: House): string {
  return join(sandboxesDir(house), 'slots');
}
