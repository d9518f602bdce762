/**
 * Compiles the bot once for a whole run of the tests: each of the hundreds of bots that they start would spend most of
 * its first second on that. Node checks each file against what it compiled, so what is kept from earlier runs is never
 * stale.
 */
import { spawnSync } from 'node:child_process';

const cache = 'node_modules/.cache/prod-access';

export default function compileBot(): void {
  // Whatever the tests start in this environment takes part, and so do they.
  process.env.NODE_COMPILE_CACHE = `${process.cwd()}/${cache}`;
  // What was compiled is kept when a process ends of itself, which a killed bot does not.
  spawnSync(process.execPath, ['src/main.ts', '--version'], { stdio: 'ignore' });
}
