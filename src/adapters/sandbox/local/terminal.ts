/**
 * Opens a terminal in a standing sandbox: socat, started by its first process, makes the PTY inside, with the shell on it,
 * and connects it to us.
 */
import type { AccessId } from '../../../domain/ids.ts';
import type { Terminal, TerminalSize } from '../../../ports/terminals.ts';
import { firstLine, terminalIn } from '../first-line.ts';
import { ptyBlocks, ptyOptions } from '../pty-words.ts';
import { insideDoor } from './bwrap-arguments.ts';
import { callOnce } from './call.ts';
import { connectBack } from './connect-back.ts';
import { type Machine, placeOf } from './machine.ts';
import { mustStand } from './standing.ts';

export async function openTerminal(
  machine: Machine,
  access: AccessId,
  { cols, rows }: TerminalSize,
): Promise<Terminal> {
  const { gid } = mustStand(machine, access);
  const place = placeOf(machine, access);
  const shell = `/bin/bash ${insideDoor}/terminal ${cols} ${rows}`;
  const stream = await connectBack(place, gid, (socket) => [
    'socat',
    ...ptyBlocks,
    `UNIX-CONNECT:${socket}`,
    `EXEC:${shell},${ptyOptions}`,
  ]);
  const tty = await firstLine(stream, terminalIn);
  return {
    stream,
    resize: async (size) => {
      if (stream.destroyed) return;
      const words = ['stty', '-F', tty, 'cols', String(size.cols), 'rows', String(size.rows)];
      await callOnce(place, gid, words, { timeoutMs: 2_000 });
    },
  };
}
