/** What the docker driver was told, and how one container is named and labelled. No I/O but geteuid. */
import { join } from 'node:path';
import { type AccessId, isAccessId } from '../../../domain/ids.ts';
import type { SandboxLabels } from '../../../ports/sandboxes.ts';
import { type House, mustBeInstall } from '../local/machine.ts';

export type DockerOptions = {
  /** Where state is kept; must be closed to other users. */
  readonly dataDir: string;
  /** Which bot this is; sandboxes of others are neither seen nor touched. */
  readonly install: string;
  /** `enforced` refuses where no user id of its own can be had; `best-effort` goes on. Cgroups are needed by both. */
  readonly limits: 'enforced' | 'best-effort';
  /** Where the target names none: `name@sha256:…`, or `sha256:…` for one that is on the host. */
  readonly image: string;
  /** As the engine has it registered; left out, the engine's default. Names that begin with runsc stand for gVisor. */
  readonly runtime?: string;
  readonly socketPath?: string;
  /** Now, in epoch milliseconds. The supervisor follows the host's clock whatever stands here. */
  readonly clock?: () => number;
  /** Where the directories lie that sandboxes see; their user ids must be able to traverse it. When root only. */
  readonly runDir?: string;
  /** User ids that no account uses; each standing sandbox has one of them. When root only. */
  readonly uids?: { readonly first: number; readonly count: number };
};

export type DockerMachine = House &
  Required<Pick<DockerOptions, 'limits' | 'image' | 'socketPath' | 'clock'>> & {
    readonly runtime: string | undefined;
    /** Whether the runtime brings a kernel of its own, which answers inside in place of the host's. */
    readonly ownKernel: boolean;
  };

export function dockerMachineFrom(options: DockerOptions): DockerMachine {
  mustBeInstall(options.install);
  return {
    // Apart from the local driver's, which would take what lies there for its own.
    dataDir: join(options.dataDir, 'docker'),
    install: options.install,
    limits: options.limits,
    image: options.image,
    runtime: options.runtime,
    ownKernel: options.runtime?.startsWith('runsc') ?? false,
    socketPath: options.socketPath ?? '/var/run/docker.sock',
    clock: options.clock ?? Date.now,
    runDir: options.runDir ?? '/run/prod-access/docker',
    uids: options.uids ?? { first: 220_000, count: 4096 },
    ownUids: process.geteuid?.() === 0,
  };
}

/** Begins the label in a supervisor's arguments. Another than the local driver's: neither takes the other's for its own. */
export const supervisorMark = 'prod-access-container';

/** Where this host's cgroups are found. */
export const mountinfo = '/proc/self/mountinfo';

/** One name for one access: of two that create at once, the engine lets one. */
export function containerName(install: string, access: AccessId): string {
  return `prod-access-${install}-${access}`;
}

/** The same names as on roles in AWS. */
export function labelsToEngine(labels: SandboxLabels): Record<string, string> {
  return {
    'prod-access:install': labels.install,
    'prod-access:access': labels.access,
    'prod-access:requester': labels.requester,
    'prod-access:target': labels.target,
  };
}

/** Undefined for a container that is not ours. */
export function labelsFromEngine(labels: Readonly<Record<string, string>>): SandboxLabels | undefined {
  const { 'prod-access:install': install = '', 'prod-access:access': access = '' } = labels;
  if (install === '' || !isAccessId(access)) return undefined;
  const { 'prod-access:requester': requester = '', 'prod-access:target': target = '' } = labels;
  return { install, access, requester, target };
}
