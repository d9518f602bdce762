/** The host's view of processes, read from /proc. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { type AccessId, isAccessId } from '../../../domain/ids.ts';
import type { SandboxLabels } from '../../../ports/sandboxes.ts';
import { label } from './bwrap-arguments.ts';

export type Process = {
  readonly pid: number;
  readonly parent: number;
  readonly uid: number;
  readonly argv: readonly string[];
};

/** All processes that are not dead. */
export function allProcesses(): readonly Process[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .map(readProcess)
    .filter((process) => process !== undefined);
}

/** Processes whose files in /proc belong to the user. */
export function pidsOwnedBy(uid: number): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === uid);
}

/** One process, or undefined where it has ended (a zombie has). */
export function readProcess(pid: number): Process | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    if (/^State:\s+[ZX]/m.test(status)) return undefined;
    const number = (pattern: RegExp): number => Number(pattern.exec(status)?.[1]);
    return {
      pid,
      parent: number(/^PPid:\s+(\d+)/m),
      uid: number(/^Uid:\s+(\d+)/m),
      argv: readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1),
    };
  } catch {
    return undefined;
  }
}

/** Clock ticks after boot at which the process started: with its number, its identity. Undefined once it has ended. */
export function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** What a supervisor's (whole) or bubblewrap's (access and install only) arguments say; undefined for any other's. */
export function labelsIn(argv: readonly string[], mark = label): SandboxLabels | undefined {
  const at = argv.indexOf(mark);
  const [access, install, requester, target] = at < 0 ? [] : argv.slice(at + 1, at + 5);
  if (access === undefined || install === undefined || !isAccessId(access)) return undefined;
  return { access, install, requester: requester ?? '', target: target ?? '' };
}

/**
 * Supervisors and bubblewrap processes of this install, of the driver with that mark. Only those in our own pid namespace count: what runs inside a
 * sandbox can write what it likes into its arguments.
 */
export function labelledProcesses(
  install: string,
  all: readonly Process[] = allProcesses(),
  mark = label,
): readonly (Process & { readonly labels: SandboxLabels })[] {
  const ours = pidNamespace('self');
  return all.flatMap((process) => {
    const labels = labelsIn(process.argv, mark);
    const namespace = pidNamespace(process.pid) ?? ours;
    return labels?.install === install && namespace === ours ? [{ ...process, labels }] : [];
  });
}

/** The access's supervisor, watcher and bubblewrap, and all that descends from them. */
export function familyOf(
  install: string,
  access: AccessId,
  all: readonly Process[],
  mark = label,
): readonly Process[] {
  const family = new Set(
    labelledProcesses(install, all, mark)
      .filter(({ labels }) => labels.access === access)
      .map(({ pid }) => pid),
  );
  for (let before = -1; before !== family.size; ) {
    before = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  return all.filter(({ pid }) => family.has(pid));
}

export function namespaceOf(pid: number | 'self', kind: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return undefined;
  }
}

const pidNamespace = (pid: number | 'self'): string | undefined => namespaceOf(pid, 'pid');

/** Kills, whatever it is doing; one that is already gone is none of our business. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone, or not ours: what is left is read back by the caller.
  }
}
