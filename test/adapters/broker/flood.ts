/**
 * A process that knocks at sockets as fast as it can. Run as a program, it does, and says how often it tried. As in a
 * sandbox, it is not root and in the group of the sockets.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export type Flood = AsyncDisposable & {
  /** Ends it; gives how often it knocked, and how often the kernel said no. */
  stop(): Promise<{ readonly knocked: number; readonly keptOut: number }>;
};

const self = fileURLToPath(import.meta.url);
const atOnce = 100;

export const floodGid = process.getuid?.() === 0 ? 4242 : (process.getgid?.() ?? 0);

export async function floodFrom(dir: string, sockets: readonly string[]): Promise<Flood> {
  chmodSync(dir, 0o711);
  const child = spawn(process.execPath, [self, ...sockets.map((name) => join(dir, name))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const said = text(child.stdout);
  const exited = once(child, 'exit');
  return {
    stop: async () => {
      child.stdin.end();
      const [knocked = 0, keptOut = 0] = (await said).split(' ').map(Number);
      return { knocked, keptOut };
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

if (process.argv[1] === self) {
  // Only once it was read: the project may lie where nobody but root can read it.
  if (process.getuid?.() === 0) {
    process.setgroups?.([]);
    process.setgid?.(floodGid);
    process.setuid?.(65_534);
  }
  const paths = process.argv.slice(2);
  let knocked = 0;
  let keptOut = 0;
  const knock = (): void => {
    const socket = connect(paths[knocked++ % paths.length] ?? '');
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EACCES') keptOut += 1;
    });
    socket.once('close', () => setImmediate(knock));
    socket.write('CONNECT other.example.com:443 HTTP/1.1\r\n\r\n');
    socket.resume();
    socket.end();
  };
  for (let n = 0; n < atOnce; n++) knock();
  process.stdin.resume().on('end', () => process.stdout.write(`${knocked} ${keptOut}`, () => process.exit()));
}
