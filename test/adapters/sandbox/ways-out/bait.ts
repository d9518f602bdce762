/** What lies about on the host, open to everybody there, for whoever gets out of a sandbox to find. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';

export type Bait = {
  /** Stands in the arguments and the environment of a process of the host. */
  readonly mark: string;
  readonly pid: number;
  /** A listener on every address of the host. */
  readonly port: number;
  readonly addresses: readonly string[];
  /** Names of a listener on an abstract socket and of one in the file system. */
  readonly abstract: string;
  readonly socket: string;
  /** A file that everybody on the host can read. */
  readonly file: string;
};

export type LaidBait = Bait & AsyncDisposable & { reached(): number };

export async function layBait(): Promise<LaidBait> {
  const mark = `bait-${randomBytes(8).toString('hex')}`;
  const dir = mkdtempSync(join(tmpdir(), 'prod-access-bait-'));
  chmodSync(dir, 0o755);
  const file = join(dir, 'secret');
  writeFileSync(file, mark, { mode: 0o644 });
  let reached = 0;
  const listener = (): Server =>
    createServer((socket) => {
      reached += 1;
      socket.destroy();
    });
  const servers = [listener(), listener(), listener()] as const;
  const socket = join(dir, 'socket');
  servers[0].listen(0, '0.0.0.0');
  servers[1].listen(`\0${mark}`);
  servers[2].listen({ path: socket, readableAll: true, writableAll: true });
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const address = servers[0].address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP listener has a port');
  const stranger = spawn('sleep', ['86400'], { argv0: mark, env: { BAIT: mark }, stdio: 'ignore' });
  if (stranger.pid === undefined) throw new Error('no process could be started');
  return {
    mark,
    pid: stranger.pid,
    port: address.port,
    addresses: Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).filter(({ family }) => family === 'IPv4').map((each) => each.address),
    ),
    abstract: mark,
    socket,
    file,
    reached: () => reached,
    [Symbol.asyncDispose]: async () => {
      stranger.kill('SIGKILL');
      await once(stranger, 'exit');
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      rmSync(dir, { recursive: true });
    },
  };
}
