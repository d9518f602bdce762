/**
 * Recording a flood against writing the same bytes with a plain stream. The difference is the escaping of JSON, two
 * hashes, the look at whether the file still stands, and that what was written lasts.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileRecordings } from '../src/adapters/recordings/file-recordings.ts';
import type { Recordings } from '../src/ports/recordings.ts';
import type { Figure } from './figures.ts';

const piece = Buffer.from(
  Array.from({ length: 90 }, (_, n) => `line ${n} of some output \x1b[32m✓ done\x1b[0m\r\n`).join(''),
);
const pieces = Math.floor(200e6 / piece.length);
const megabytes = (pieces * piece.length) / 1e6;
const rounds = 3;

export async function benchRecordings(): Promise<readonly Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'prod-access-bench-'));
  const quiet = { info() {}, warn() {}, error() {} };
  const recordings = fileRecordings({ dir, log: quiet });
  try {
    let ours = 0;
    let plain = 0;
    for (let round = 0; round < rounds; round += 1) {
      plain = Math.max(plain, megabytes / (await timeOf(() => writePlainly(join(dir, `plain-${round}`)))));
      ours = Math.max(ours, megabytes / (await timeOf(() => record(recordings, round))));
    }
    return [{ what: 'recording a flood', ours, baseline: plain, unit: 'MB/s', aim: 'over 50 MB/s' }];
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function record(recordings: Recordings, round: number): Promise<void> {
  const session = `ses_${'abc'.charAt(round).repeat(16)}` as const;
  const size = { cols: 80, rows: 24 };
  const recording = await recordings.begin({
    access: 'acc_aaaaaaaaaaaaaaaa',
    session,
    startedAt: 0,
    size,
    title: 'a bench',
  });
  for (let n = 0; n < pieces; n += 1) await recording.output(piece);
  await recording.end(0);
}

async function writePlainly(path: string): Promise<void> {
  const stream = createWriteStream(path);
  for (let n = 0; n < pieces; n += 1) if (!stream.write(piece)) await once(stream, 'drain');
  stream.end();
  await once(stream, 'close');
}

/** Seconds. */
async function timeOf(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1_000;
}
