/**
 * Ends the demo's children where the demo itself could not, because it was killed outright: a shell that waits for the
 * demo's end of a pipe to close. It knows process ids only, and forgets those that ended in good order.
 */
import { spawn } from 'node:child_process';

export type Watched = 'redis' | 'production' | 'bot';

export type Warden = Disposable & {
  /** The child of that name now has this process id; undefined where it has ended. */
  readonly watch: (name: Watched, pid: number | undefined) => void;
};

const script = `
trap '' INT TERM HUP
redis= production= bot=
while read -r name pid; do
  case $name in redis) redis=$pid ;; production) production=$pid ;; bot) bot=$pid ;; esac
done
if [ -n "$bot" ]; then kill -TERM "$bot"; sleep 3; kill -KILL "$bot"; fi
if [ -n "$redis" ]; then kill -KILL "$redis"; fi
if [ -n "$production" ]; then kill -KILL "$production"; fi
`;

export function startWarden(): Warden {
  // A group of its own: a Ctrl-C in the terminal is for the demo to answer.
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  return {
    watch: (name, pid) => {
      child.stdin.write(`${name} ${pid ?? ''}\n`);
    },
    [Symbol.dispose]: () => {
      child.kill('SIGKILL');
    },
  };
}
