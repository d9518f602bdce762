/**
 * Starts a program that ends with this process, however this process ends: by SIGKILL too, of which it hears nothing
 * itself. A watcher beside the program waits for our end of a pipe to close. It is there before the program is, so there
 * is no moment at which the program could be left behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';

export type TiedOptions = {
  /** `group`: the program leads a process group of its own, and the whole group is killed. */
  readonly whom: 'process' | 'group';
  readonly stderr: 'pipe' | 'inherit' | 'ignore';
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What the watcher removes once it has killed the program. */
  readonly dir?: string;
};

/** The shell becomes the program, so the process id is the program's. A line in the pipe says: it ended by itself. */
const script = `
before=$1 dir=$2; shift 2
{
  trap '' HUP INT TERM
  read -r _ <&3 || { [ -z "$dir" ] || trap 'rm -rf -- "$dir"' EXIT; kill -KILL "$before$$"; }
} </dev/null >/dev/null 2>&1 &
exec "$@" 3<&-
`;

/** Its standard output is a pipe, its standard input nothing. */
export function spawnTied(program: string, args: readonly string[], options: TiedOptions): ChildProcess {
  const { whom, stderr, env, cwd, dir = '' } = options;
  const detached = whom === 'group';
  const child = spawn('/bin/sh', ['-c', script, 'sh', detached ? '-' : '', dir, program, ...args], {
    stdio: ['ignore', 'pipe', stderr, 'pipe'],
    detached,
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
  });
  const tie = child.stdio[3];
  if (tie === null || tie === undefined || !('end' in tie)) throw new Error('no pipe to the watcher');
  tie.on('error', () => {});
  child.once('exit', () => tie.end('\n'));
  return child;
}
