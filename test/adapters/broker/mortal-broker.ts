/** A broker in a process of its own, to be killed. Run as a program, it opens one in the directory that it is given. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostBrokers } from '../../../src/adapters/broker/host-brokers.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';

export type Mortal = AsyncDisposable & { readonly dir: string; kill(): Promise<void> };

const self = fileURLToPath(import.meta.url);

export async function startMortal(): Promise<Mortal> {
  const dir = mkdtempSync(join(tmpdir(), 'broker-'));
  const child: ChildProcess = spawn(process.execPath, [self, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  if (child.stdout === null) throw new TypeError('its output was asked for');
  await once(child.stdout, 'data');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  return {
    dir,
    kill,
    [Symbol.asyncDispose]: async () => {
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

if (process.argv[1] === self) {
  const brokers = hostBrokers({ clock: systemClock, log: { warn: () => {}, error: () => {} } });
  const nothing = async (): Promise<void> => {};
  await brokers.open(
    {
      access: 'acc_aaaaaaaaaaaaaaaa',
      sockets: { dir: process.argv[2] ?? '', gid: process.getgid?.() ?? 0 },
      egress: [],
      forwards: [],
      credentialsToken: 'a-token-of-this-sandbox-only',
    },
    { opened: nothing, closed: nothing, blocked: nothing, vend: () => Promise.reject(new Error('not here')) },
  );
  process.stdout.write('open\n');
}
