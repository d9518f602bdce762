/** A demo that is killed while it starts leaves no Redis behind: what it waits for then never comes. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { readProcess } from '../../src/adapters/sandbox/local/processes.ts';

const start = `import { runDemo } from './src/playground/demo.ts';
await runDemo({ stdout: process.stdout, open: false, port: 0, dataDir: process.argv[1] });`;

test('killed before its Redis is ready', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'prod-access-demo-'));
  const at = (name: string): string => join(dir, name);
  writeFileSync(at('redis-server'), `#!/bin/sh\necho $$ >'${at('pid')}'\nexec sleep 4242\n`);
  chmodSync(at('redis-server'), 0o755);
  const demo = spawn(process.execPath, ['--input-type=module', '-e', start, at('demo')], {
    env: { ...process.env, PATH: `${dir}:${process.env.PATH}` },
    stdio: 'ignore',
  });
  const redis = await vi.waitFor(
    () => {
      const pid = Number(readFileSync(at('pid'), 'utf8'));
      expect(readProcess(pid)?.argv).toEqual(['sleep', '4242']);
      return pid;
    },
    { timeout: 20_000 },
  );
  try {
    demo.kill('SIGKILL');
    await vi.waitFor(() => expect(readProcess(redis)).toBeUndefined(), { timeout: 5_000 });
  } finally {
    if (readProcess(redis) !== undefined) process.kill(redis, 'SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }
});
