/** A Redis of the demo's own: loopback, a free port, its files in the demo's directory, kept as the bot demands it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { CannotRunDemo } from './cannot-run.ts';
import { freePort } from './free-port.ts';
import type { Warden, Watched } from './warden.ts';

export type PrivateRedis = AsyncDisposable & { readonly url: string; readonly client: Redis };

const settings = {
  bind: '127.0.0.1',
  appendonly: 'yes',
  appendfsync: 'everysec',
  save: '',
  'maxmemory-policy': 'noeviction',
  'enable-debug-command': 'no',
};

/** `name`: what the warden knows it by. */
export async function startPrivateRedis(
  dir: string,
  warden: Warden,
  name: Watched = 'redis',
): Promise<PrivateRedis> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const port = await freePort();
  const args = Object.entries({ ...settings, port: String(port), dir }).flatMap(([name, value]) => [
    `--${name}`,
    value,
  ]);
  // A group of its own: a Ctrl-C in the terminal must not end it before the bot has written its last words.
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  // At once: a demo that is killed while it waits must not leave it behind.
  warden.watch(name, child.pid);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', () =>
      reject(
        new CannotRunDemo(
          'redis-server is not on this machine: apt-get install redis-server, or brew install redis',
        ),
      ),
    );
    child.once('exit', (code) =>
      reject(new CannotRunDemo(`redis-server ended with ${code}:\n${said.slice(-2_000)}`)),
    );
    child.stdout.on('data', (data: Buffer) => {
      said = `${said}${data.toString()}`.slice(-4_000);
      if (said.includes('Ready to accept connections')) resolve();
    });
  });
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy: () => 500 });
  client.on('error', () => {});
  return {
    url,
    client,
    [Symbol.asyncDispose]: async () => {
      client.disconnect(false);
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }
      warden.watch(name, undefined);
    },
  };
}
