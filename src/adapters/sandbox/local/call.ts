/**
 * Asks a sandbox's first process to run a command, and collects its answer, over FIFOs that the host lays into the
 * sandbox's door. The sandbox can neither replace nor re-open them (the directory is the host's and read-only inside),
 * and what it writes is bounded. Whoever has the state directory can ask, also a process that did not open it.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chownSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SandboxFault } from '../../../ports/sandboxes.ts';
import { type Place, systemPath } from './machine.ts';

export type Answer = {
  /** The exit code (137: killed, also for time); undefined where the command vanished without one. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
};

type Call = { readonly name: string; readonly dir: string; readonly fifos: readonly string[] };

const { O_RDONLY, O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
/** Characters kept of each of stdout and stderr. */
const keptOutput = 1 << 20;
/** How long output may trail behind the exit, held open by a child that went to the background. */
const trailMs = 50;
/** Time beyond the command's own for the sandbox to answer at all. */
const answerMs = 2_000;

export function callName(): string {
  return randomBytes(8).toString('hex');
}

/** Lays the call's directory, in which FIFOs may yet be made. */
export function layCall(place: Place, gid: number, argv: readonly string[], name = callName()): Call {
  const dir = join(place.door, 'calls', name);
  mkdirSync(dir, { mode: 0o750 });
  chownSync(dir, -1, gid);
  const file = join(dir, 'argv');
  writeFileSync(file, argv.map((word) => `${word}\0`).join(''), { mode: 0o640 });
  chownSync(file, -1, gid);
  return { name, dir, fifos: ['out', 'err', 'status'].map((fifo) => join(dir, fifo)) };
}

/** Lays, makes and removes one call to a standing sandbox. */
export async function callOnce(
  place: Place,
  gid: number,
  argv: readonly string[],
  options: { timeoutMs: number },
): Promise<Answer> {
  const laid = layCall(place, gid, argv);
  await makeFifos([], laid.fifos, gid);
  return await call(place, laid, options);
}

/** Makes FIFOs that the host reads, and of which only the given group may write those that are `shared`; or, with the
 * mode turned around, that the host writes and the group reads. */
export async function makeFifos(
  own: readonly string[],
  shared: readonly string[],
  gid: number,
  mode: '620' | '640' = '620',
): Promise<void> {
  const child = spawn('mkfifo', ['-m', mode, ...own, ...shared], {
    env: { PATH: systemPath },
    stdio: 'ignore',
  });
  const [code] = await once(child, 'exit');
  if (code !== 0)
    throw new SandboxFault('unavailable', 'the FIFOs of the sandbox could not be made', { retryable: true });
  for (const path of shared) chownSync(path, -1, gid);
}

async function call(place: Place, laid: Call, options: { timeoutMs: number }): Promise<Answer> {
  const open: number[] = [];
  const ends = laid.fifos.map((path) => {
    const fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    open.push(openSync(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW));
    return collect(fd);
  });
  const [out, err, status] = ends;
  // The write ends held here keep a reader from seeing an end before the other side has opened.
  const letGo = (): void => {
    for (const fd of open.splice(0)) closeSync(fd);
  };
  let control: number | undefined;
  try {
    if (out === undefined || err === undefined || status === undefined) throw new TypeError('three FIFOs');
    status.onFirst(letGo);
    control = openControl(place);
    writeSync(control, `${laid.name} ${Math.max(0.1, options.timeoutMs / 1000)}\n`);
    const late = new AbortController();
    try {
      const trouble = await Promise.race([
        status.ended.then(() => undefined),
        pause(options.timeoutMs + answerMs, 'it did not answer in time', { signal: late.signal }),
      ]);
      if (trouble !== undefined)
        throw new SandboxFault('stuck', `the sandbox: ${trouble}`, { retryable: true });
      await Promise.race([
        Promise.all([out.ended, err.ended]),
        pause(trailMs, undefined, { signal: late.signal }),
      ]);
    } finally {
      late.abort();
    }
    const code = /^exit (\d+)$/m.exec(status.text())?.[1];
    return { code: code === undefined ? undefined : Number(code), stdout: out.text(), stderr: err.text() };
  } finally {
    letGo();
    if (control !== undefined) closeSync(control);
    for (const end of ends) end.close();
    rmSync(laid.dir, { recursive: true, force: true });
  }
}

export function openControl(place: Place): number {
  try {
    return openSync(join(place.dir, 'control'), O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
  } catch (cause) {
    throw new SandboxFault('gone', 'no sandbox stands for this access', { retryable: false, cause });
  }
}

function collect(fd: number): {
  readonly ended: Promise<void>;
  onFirst(act: () => void): void;
  text(): string;
  close(): void;
} {
  const socket = new Socket({ fd, readable: true, writable: false });
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (part) => {
    if (text.length < keptOutput) text += String(part).slice(0, keptOutput - text.length);
  });
  const ended = new Promise<void>((resolve) => {
    socket.once('end', resolve);
    socket.once('close', () => resolve());
    socket.once('error', () => resolve());
  });
  return {
    ended,
    onFirst: (act) => socket.once('data', act),
    text: () => text,
    close: () => socket.destroy(),
  };
}
