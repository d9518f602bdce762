/** Starts something in a container that is waited for by a person. One that starts too late is hung up, whenever that is. */
import { inTime } from '../first-line.ts';
import type { Engine, Executed } from './engine.ts';

export async function startPromptly(
  engine: Engine,
  container: string,
  argv: readonly string[],
): Promise<Executed> {
  const asked = engine.exec(container, argv, { stdin: true });
  try {
    return await inTime(asked);
  } catch (error) {
    asked.then(({ socket }) => socket.destroy()).catch(() => {});
    throw error;
  }
}
