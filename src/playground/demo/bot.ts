/**
 * The unchanged bot as a process of its own, kept alive as an operator's supervisor would: started anew whenever it
 * ends, with a pause that grows while it does not get ready.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Warden } from './warden.ts';

export type BotStatus = {
  readonly state: 'starting' | 'ready' | 'gone';
  readonly pid?: number;
  /** Epoch milliseconds of the last change of `state`. */
  readonly since: number;
  /** How often it was started. */
  readonly starts: number;
  /** How it ended last: an exit code or a signal. */
  readonly lastEnd?: string;
};

export type KeptBot = AsyncDisposable & {
  readonly status: () => BotStatus;
  /** SIGKILL; resolves with the process id once the process is gone. */
  readonly kill: () => Promise<number | undefined>;
  /** Resolves once it is ready; rejects with its last words where it ends first. */
  readonly firstReady: Promise<void>;
};

export type BotOptions = {
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
  readonly logPath: string;
  readonly warden: Warden;
};

const pauseMs = 1_500;
const pauseMaxMs = 10_000;
const stopWithinMs = 10_000;

/** `main.ts` when run from source, `main.js` when built. */
const main = fileURLToPath(new URL(`../../main${extname(import.meta.url)}`, import.meta.url));

export function keepBot({ env, port, logPath, warden }: BotOptions): KeptBot {
  const log = createWriteStream(logPath, { flags: 'a', mode: 0o600 });
  const first = Promise.withResolvers<void>();
  first.promise.catch(() => {});
  let status: BotStatus = { state: 'gone', since: Date.now(), starts: 0 };
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;
  let failures = 0;

  const start = (): void => {
    const started = spawn(process.execPath, [main, 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    let words = '';
    for (const stream of [started.stdout, started.stderr]) {
      stream.pipe(log, { end: false });
      stream.on('data', (data: Buffer) => {
        words = `${words}${data.toString()}`.slice(-4_000);
      });
    }
    warden.watch('bot', started.pid);
    const { lastEnd } = status;
    status = {
      state: 'starting',
      since: Date.now(),
      starts: status.starts + 1,
      ...(started.pid === undefined ? {} : { pid: started.pid }),
      ...(lastEnd === undefined ? {} : { lastEnd }),
    };
    started.once('error', () => {});
    started.once('exit', (code, signal) => {
      warden.watch('bot', undefined);
      failures = status.state === 'ready' ? 0 : failures + 1;
      status = { state: 'gone', since: Date.now(), starts: status.starts, lastEnd: signal ?? `code ${code}` };
      first.reject(
        new Error(`the bot ended with ${signal ?? `code ${code}`} before it was ready:\n${words}`),
      );
      if (!stopping) timer = setTimeout(start, Math.min(pauseMs * 2 ** failures, pauseMaxMs));
    });
    void watchReadiness(started);
  };

  /** Asks it as long as it lives. */
  async function watchReadiness(of: ChildProcess): Promise<void> {
    while (of.exitCode === null && of.signalCode === null) {
      const ready = await fetch(`http://127.0.0.1:${port}/readyz`, {
        signal: AbortSignal.timeout(2_000),
      }).then(
        ({ ok }) => ok,
        () => false,
      );
      if (child !== of || of.exitCode !== null || of.signalCode !== null) return;
      const state = ready ? 'ready' : 'starting';
      if (status.state !== state) status = { ...status, state, since: Date.now() };
      if (ready) first.resolve();
      await new Promise((resolve) => setTimeout(resolve, ready ? 1_000 : 150));
    }
  }

  start();
  return {
    status: () => status,
    firstReady: first.promise,
    kill: async () => {
      const victim = child;
      if (victim === undefined || !isAlive(victim)) return undefined;
      const gone = once(victim, 'exit');
      victim.kill('SIGKILL');
      await gone;
      return victim.pid;
    },
    [Symbol.asyncDispose]: async () => {
      stopping = true;
      clearTimeout(timer);
      if (child !== undefined && isAlive(child)) {
        const gone = once(child, 'exit');
        const victim = child;
        victim.kill('SIGTERM');
        const impatient = setTimeout(() => victim.kill('SIGKILL'), stopWithinMs);
        await gone;
        clearTimeout(impatient);
      }
      log.end();
    },
  };
}

function isAlive({ exitCode, signalCode, pid }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}
