/**
 * Reads a file out of a standing container: file.sh, started by the engine beside the first process, reads it inside. It
 * is begun by a word of ours, once what begins it has said that it stands and was found fenced.
 */
import type { AccessId } from '../../../domain/ids.ts';
import type { ReadFile } from '../../../ports/sandbox-files.ts';
import { firstLine } from '../first-line.ts';
import { readerArguments, readOut, readSeconds } from '../read-out.ts';
import type { Engine } from './engine.ts';
import { mustBeFenced } from './fenced.ts';
import { plainStream } from './frames.ts';
import type { DockerMachine } from './machine.ts';
import { mustStand } from './standing.ts';
import { startPromptly } from './start-promptly.ts';

const onceTold = 'echo ready && read -r _ && exec "$@"';

export async function readFile(
  machine: DockerMachine,
  engine: Engine,
  access: AccessId,
  path: string,
  mostBytes: number,
): Promise<ReadFile> {
  const { container } = mustStand(machine, access);
  const executed = await startPromptly(engine, container, [
    ...['timeout', '-s', 'KILL', String(readSeconds), '/bin/bash', '-c', onceTold, 'once-told'],
    ...readerArguments(path, mostBytes),
  ]);
  const source = plainStream(executed.socket);
  try {
    await firstLine(source, (line) => line === 'ready' || undefined);
    await mustBeFenced(machine, executed);
    source.write('\n');
    return await readOut(source, mostBytes);
  } catch (error) {
    source.destroy();
    throw error;
  }
}
