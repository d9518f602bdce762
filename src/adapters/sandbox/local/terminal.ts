/**
 * Opens a terminal in a standing sandbox. The sandbox's first process starts socat, which makes the PTY inside, with
 * the shell on it, and connects to a socket of ours: so the shell stands behind the fence, and we hold a plain stream.
 */
import { once } from 'node:events';
import { chmodSync, chownSync, closeSync, rmSync, writeSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { AccessId } from '../../../domain/ids.ts';
import type { Terminal, TerminalSize } from '../../../ports/terminals.ts';
import { firstLine, inTime } from '../first-line.ts';
import { ptyBlocks, ptyOptions } from '../pty-words.ts';
import { insideDoor } from './bwrap-arguments.ts';
import { callName, callOnce, layCall, openControl } from './call.ts';
import { type Machine, type Place, placeOf } from './machine.ts';
import { mustStand } from './standing.ts';

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
    ['socat', ...ptyBlocks, `UNIX-CONNECT:${insideDoor}/${name}/tty`, `EXEC:${shell},${ptyOptions}`],
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
