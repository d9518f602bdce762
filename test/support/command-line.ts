/** `prod-access …` as an operator runs it, beside the bot of a world. */
import { execFile } from 'node:child_process';
import type { World } from './world.ts';

export async function prodAccess(
  world: World,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['src/main.ts', ...args],
      { env: { ...world.env } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, out: stdout + stderr }),
    );
  });
}
