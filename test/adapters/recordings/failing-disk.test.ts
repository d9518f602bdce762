/** Disks that fail in the middle: a stand-in for the file where no real disk can be made to, a real one that is full. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import type { CastFile } from '../../../src/adapters/recordings/cast-file.ts';
import { sessionRecording } from '../../../src/adapters/recordings/session-recording.ts';
import { newRecording } from '../../contract/recordings.ts';

const quiet = { info() {}, warn() {}, error() {} };

function recordTo(file: Partial<CastFile>, stallMs = 10_000) {
  const all: CastFile = {
    bytes: 100,
    append: async () => {},
    sync: async () => {},
    cutBack: async () => {},
    sha256: () => 'incremental',
    readBack: async () => ({ bytes: 100, sha256: 'as it stands' }),
    close: async () => {},
    ...file,
  };
  const options = { flushMs: 20, maxBytes: 2 ** 30, stallMs, elapsedMs: () => 0, log: quiet };
  return sessionRecording(all, newRecording(), options);
}

const failing = (code: string) => async (): Promise<never> => {
  throw Object.assign(new Error(`${code}: at /a/path`), { code });
};

it.each([
  ['append', 'EIO', 'the disk fails'],
  ['append', 'ENOSPC', 'the disk is full'],
  ['sync', 'EIO', 'the disk fails'],
  ['append', 'EXOTIC', 'the file cannot be written (EXOTIC)'],
] as const)('breaks when %s fails with %s, in words without paths', async (step, code, reason) => {
  const recording = recordTo({ [step]: failing(code) });
  await recording.output(Buffer.from('x'));
  expect(await recording.broken).toBe(reason);
  expect(await recording.end(0)).toEqual({ seconds: 0, bytes: 100, sha256: 'as it stands' });
});

it('ends even where everything fails, with what was written whole', async () => {
  const fail = failing('EIO');
  const recording = recordTo({ append: fail, sync: fail, cutBack: fail, readBack: fail, close: fail });
  await recording.output(Buffer.from('x'));
  expect(await recording.end(0)).toEqual({ seconds: 0, bytes: 100, sha256: 'incremental' });
});

it('frees whoever it holds back when it breaks', async () => {
  const { promise, reject } = Promise.withResolvers<never>();
  const recording = recordTo({ append: () => promise });
  const held = Array.from({ length: 30 }, () => recording.output(Buffer.alloc(100_000)));
  reject(Object.assign(new Error('no'), { code: 'EIO' }));
  const outcomes = await Promise.allSettled(held);
  expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(15);
});

it('breaks when the disk does not answer, and waits for it at the end', async () => {
  const stuck = Promise.withResolvers<void>();
  const recording = recordTo({ append: () => stuck.promise }, 30);
  await recording.output(Buffer.from('x'));
  expect(await recording.broken).toBe('the disk does not answer');
  const end = recording.end(0);
  stuck.resolve();
  expect(await end).toMatchObject({ sha256: 'as it stands' });
});

it('breaks when a real disk is full, and tells what is on it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'prod-access-'));
  try {
    const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
    const script = join(import.meta.dirname, 'fill-a-disk.ts');
    // In a mount namespace of its own: the small disk goes with the process.
    const child = spawn(
      'unshare',
      [
        ...user,
        '--mount',
        'sh',
        '-c',
        'mount -t tmpfs -o size=1m none "$0" && exec "$1" "$2" "$0"',
        dir,
        process.execPath,
        script,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    expect(await json(child.stdout)).toEqual({
      reason: 'the disk is full',
      refused: 'RecordingFault',
      isTruthful: true,
      verdict: { kind: 'whole' },
      isPrefix: true,
      unreadable: 0,
      beginWhenFull: 'RecordingFault',
      left: ['ses_aaaaaaaaaaaaaaaa.cast', 'ses_aaaaaaaaaaaaaaaa.open'],
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
