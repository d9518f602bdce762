/** What the host's kernel says of processes, as far as something inside a sandbox might wish to change it. */
import { readFileSync, readlinkSync } from 'node:fs';

const keys = ['Uid', 'Gid', 'CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp'];
const namespaces = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'];

/** One line each; those that have ended are left out. */
export function standingOf(pids: readonly number[]): readonly string[] {
  return pids.flatMap((pid) => {
    try {
      const read = (name: string): string => readFileSync(`/proc/${pid}/${name}`, 'utf8');
      const status = read('status').split('\n');
      const nice = read('stat').slice(read('stat').lastIndexOf(')')).split(' ')[17];
      if (status.some((line) => /^State:\s+[ZX]/.test(line))) return [];
      return [
        [
          `${pid} nice ${nice} oom ${read('oom_score_adj').trim()}`,
          ...status.filter((line) => keys.includes(line.split(':')[0] ?? '')),
          ...namespaces.map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`)),
          read('cgroup').trim(),
          read('limits').trim(),
        ].join('\n'),
      ];
    } catch {
      return [];
    }
  });
}
