/** A container engine of the test's own, with nothing shared: its data, its socket, its containerd. No network. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Docker from 'dockerode';
import { allProcesses, killProcess } from '../../../src/adapters/sandbox/local/processes.ts';

export type TestEngine = AsyncDisposable & {
  readonly socketPath: string;
  readonly docker: Docker;
  /** Where on the host it keeps images and containers, and what runs. */
  readonly dirs: readonly string[];
  /** The daemon, its containerd and what holds its containers. */
  processes(): readonly number[];
  /** Ends the daemon, and its containerd with it. After SIGKILL what runs in containers goes on. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  start(): Promise<void>;
};

export async function testEngine(settings: object = {}): Promise<TestEngine> {
  const root = mkdtempSync(join(tmpdir(), 'prod-access-engine-'));
  const socketPath = join(root, 'docker.sock');
  const docker = new Docker({ socketPath, host: '', protocol: 'http', headers: { Connection: 'close' } });
  const config = join(root, 'daemon.json');
  const gvisor = { path: 'runsc', runtimeArgs: ['--network=none', '--host-uds=open', '--host-fifo=open'] };
  writeFileSync(config, JSON.stringify({ runtimes: { runsc: gvisor }, ...settings }));
  let daemon: ChildProcess | undefined;

  const startWith = async (driver: 'overlay2' | 'vfs'): Promise<boolean> => {
    mkdirSync(join(root, 'exec'), { recursive: true });
    const words = [
      ...['--config-file', config, '--iptables=false', '--ip6tables=false', '--bridge=none'],
      ...[`--storage-driver=${driver}`, '--data-root', join(root, 'data'), '--exec-root', join(root, 'exec')],
      ...['--host', `unix://${socketPath}`, '--pidfile', join(root, 'pid'), '--log-level', 'warn'],
    ];
    const child = spawn('dockerd', words, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text) => {
      said = `${said}${String(text)}`.slice(-4_000);
    });
    const ended = once(child, 'exit').then(() => true);
    for (;;) {
      const answered = await docker.ping().then(
        () => true,
        () => false,
      );
      if (answered) break;
      if (await Promise.race([ended, wait(20, false)])) {
        if (driver === 'overlay2' && /overlay/.test(said)) return false;
        throw new Error(`dockerd ended: ${said}`);
      }
    }
    daemon = child;
    return true;
  };
  const start = async (): Promise<void> => {
    // A test that itself runs on an overlay cannot have another on top.
    if (!(await startWith('overlay2'))) await startWith('vfs');
  };
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const child = daemon;
    daemon = undefined;
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    // Its containerd is killed by the kernel, but one that nobody has buried yet would be taken for alive.
    rmSync(join(root, 'exec', 'containerd', 'containerd.pid'), { force: true });
  };

  const processes = (): readonly number[] =>
    allProcesses()
      .filter(({ argv }) => argv.some((word) => word.startsWith(root)))
      .map(({ pid }) => pid);

  await start();
  return {
    socketPath,
    docker,
    dirs: [join(root, 'data'), join(root, 'exec')],
    processes,
    start,
    end,
    async [Symbol.asyncDispose]() {
      await end('SIGTERM');
      for (const pid of processes()) killProcess(pid);
      for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
        const point = line.split(' ')[4] ?? '';
        if (point.startsWith(`${root}/`)) spawnSync('umount', ['-l', point]);
      }
      rmSync(root, { recursive: true, force: true });
    },
  };
}
