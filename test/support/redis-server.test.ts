/** A Redis of a test's own is not left behind by a suite that does not come to its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { allProcesses } from '../../src/adapters/sandbox/local/processes.ts';

const suite = (ends: string): string => `import { startRedisServer } from './test/support/redis-server.ts';
const server = await startRedisServer();
process.stdout.write(server.port + '\\n');
${ends}`;

test.each([
  { how: 'is killed', ends: 'setInterval(() => {}, 1_000);', signal: 'SIGKILL' },
  { how: 'is told to end', ends: 'setInterval(() => {}, 1_000);', signal: 'SIGTERM' },
  { how: 'leaves without closing it', ends: 'process.exit(0);' },
  { how: 'closes it', ends: 'await server[Symbol.asyncDispose]();' },
] as const)('neither processes nor files are left of a suite that $how', async ({ ends, ...more }) => {
  const dir = mkdtempSync(join(tmpdir(), 'prod-access-tied-'));
  const tests = spawn(process.execPath, ['--input-type=module', '-e', suite(ends)], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, TMPDIR: dir },
  });
  try {
    const ended = once(tests, 'exit');
    const port = String((await once(tests.stdout, 'data'))[0]).trim();
    const isIts = (line: string): boolean => line.includes(dir) || line.includes(`127.0.0.1:${port}`);
    const left = (): readonly string[] =>
      allProcesses()
        .map(({ argv }) => argv.join(' '))
        .filter(isIts);
    if ('signal' in more) {
      expect(left()).toContainEqual(expect.stringContaining(`redis-server 127.0.0.1:${port}`));
      tests.kill(more.signal);
    }
    await ended;
    await vi.waitFor(() => expect([...left(), ...readdirSync(dir)]).toEqual([]), { timeout: 5_000 });
  } finally {
    tests.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }
});
