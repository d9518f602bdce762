/**
 * Opens a terminal in a standing sandbox. The sandbox's first process starts socat, which makes the PTY inside, with
 * the shell on it, and connects to a socket of ours: so the shell stands behind the fence, and we hold a plain stream.
 */
import { once } from 'node:events';
import { chmodSync, chownSync, closeSync, rmSync, writeSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { AccessId } from '../../../domain/ids.ts';
import { SandboxFault } from '../../../ports/sandboxes.ts';
import type { Terminal, TerminalSize } from '../../../ports/terminals.ts';
import { insideDoor } from './bwrap-arguments.ts';
import { callName, callOnce, layCall, openControl } from './call.ts';
import { type Machine, type Place, placeOf } from './machine.ts';
import { mustStand } from './standing.ts';

/** From the ask to the shell's first line; a sandbox at its limits is slow. */
const openMs = 5_000;
const firstLineMax = 200;

export async function openTerminal(
  machine: Machine,
  access: AccessId,
  { cols, rows }: TerminalSize,
): Promise<Terminal> {
  const { gid } = mustStand(machine, access);
  const place = placeOf(machine, access);
  const name = callName();
  const shell = `/bin/bash ${insideDoor}/terminal ${cols} ${rows}`;
  const laid = layCall(
    place,
    gid,
    ['socat', `UNIX-CONNECT:${insideDoor}/${name}/tty`, `EXEC:${shell},pty,setsid,ctty,stderr,sane`],
    name,
  );
  const server = createServer();
  try {
    const path = join(laid.dir, 'tty');
    server.listen(path);
    await once(server, 'listening');
    chownSync(path, -1, gid);
    chmodSync(path, 0o660);
    const connected = once(server, 'connection');
    connected.catch(() => {});
    ask(place, `${name} terminal\n`);
    const [stream] = (await inTime(connected)) as [Socket];
    // Whoever comes second finds no listener.
    server.close();
    const tty = await firstLine(stream);
    return {
      stream,
      resize: async (size) => {
        if (stream.destroyed) return;
        const words = ['stty', '-F', tty, 'cols', String(size.cols), 'rows', String(size.rows)];
        await callOnce(place, gid, words, { timeoutMs: 2_000 });
      },
    };
  } finally {
    server.close();
    rmSync(laid.dir, { recursive: true, force: true });
  }
}

function ask(place: Place, line: string): void {
  const control = openControl(place, false);
  try {
    writeSync(control, line);
  } finally {
    closeSync(control);
  }
}

/** Reads up to the end of the first line, which names the terminal, and leaves what follows it in the stream. */
async function firstLine(stream: Socket): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let held = Buffer.alloc(0);
  const look = (): void => {
    const chunk: Buffer | null = stream.read();
    if (chunk === null) return;
    held = Buffer.concat([held, chunk]);
    const at = held.indexOf('\n');
    if (at < 0 && held.length < firstLineMax) return;
    stream.removeListener('readable', look);
    stream.unshift(held.subarray(at + 1));
    const tty = /^terminal (\/dev\/pts\/\d+)\r?$/.exec(held.toString('latin1', 0, Math.max(at, 0)))?.[1];
    if (tty === undefined) reject(stuck('its first line does not name a terminal'));
    else resolve(tty);
  };
  stream.on('readable', look);
  stream.once('close', () => reject(stuck('it ended at once')));
  stream.once('error', reject);
  try {
    return await inTime(promise);
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      work,
      pause(openMs, undefined, { signal: late.signal }).then(() => {
        throw stuck('it was not opened in time');
      }),
    ]);
  } finally {
    late.abort();
  }
}

function stuck(what: string): SandboxFault {
  return new SandboxFault('stuck', `the terminal: ${what}`, { retryable: true });
}
