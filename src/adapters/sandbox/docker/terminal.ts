/**
 * Opens a terminal in a standing container. The engine starts socat beside the first process, which makes the PTY
 * inside, with the shell on it, and hands its bytes to the engine's connection.
 *
 * Not the engine's own terminals: it keeps one of those, and what runs on it, after the connection is gone. Here the end
 * of the connection is the end of socat's input, and socat hangs up; also when the bot was killed.
 */
import type { Duplex } from 'node:stream';
import type { AccessId } from '../../../domain/ids.ts';
import type { Terminal, TerminalSize } from '../../../ports/terminals.ts';
import { firstLine, terminalIn } from '../first-line.ts';
import { insideDoor } from '../local/bwrap-arguments.ts';
import { ptyBlocks, ptyOptions } from '../pty-words.ts';
import type { Engine } from './engine.ts';
import { mustBeFenced } from './fenced.ts';
import { plainStream } from './frames.ts';
import type { DockerMachine } from './machine.ts';
import { runInside } from './run-inside.ts';
import { mustStand } from './standing.ts';
import { startPromptly } from './start-promptly.ts';

export async function openTerminal(
  machine: DockerMachine,
  engine: Engine,
  access: AccessId,
  { cols, rows }: TerminalSize,
): Promise<Terminal> {
  const { container } = mustStand(machine, access);
  const shell = `/bin/bash ${insideDoor}/terminal ${cols} ${rows}`;
  const executed = await startPromptly(engine, container, [
    'socat',
    ...ptyBlocks,
    '-',
    `EXEC:${shell},${ptyOptions}`,
  ]);
  const stream = plainStream(executed.socket);
  try {
    const tty = await firstLine(stream, terminalIn);
    await mustBeFenced(machine, executed);
    endWithContainer(engine, container, stream);
    return {
      stream,
      resize: async (size) => {
        if (stream.destroyed) return;
        const script = `stty -F ${tty} cols ${size.cols} rows ${size.rows}${machine.ownKernel ? tellAll : ''}`;
        await runInside(engine, container, ['/bin/bash', '-c', script], { timeoutMs: 2_000 });
      },
    };
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

/** gVisor's kernel takes a new size without a word to the programs. All of the sandbox hear of it: nobody else does. */
const tellAll = '; kill -WINCH -1';

/** Not every runtime tells the engine that what it started beside the first process has ended with it. */
function endWithContainer(engine: Engine, container: string, stream: Duplex): void {
  const closed = new AbortController();
  stream.once('close', () => closed.abort());
  void engine.ended(container, closed.signal).then(() => stream.destroy());
}
