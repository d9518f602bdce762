/** Records onto the disk at the path that it is given until that is full; prints what it saw. */
import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileRecordings } from '../../../src/adapters/recordings/file-recordings.ts';
import { castReader } from '../../../src/domain/cast.ts';
import { verifyRecording } from '../../../src/domain/cast-chain.ts';
import type { RecordingOf } from '../../../src/ports/recordings.ts';

const [dir = ''] = process.argv.slice(2);
const quiet = { info() {}, warn() {}, error() {} };
const recordings = fileRecordings({ dir, flushMs: 50, log: quiet });
const of: RecordingOf = {
  access: 'acc_aaaaaaaaaaaaaaaa',
  session: 'ses_aaaaaaaaaaaaaaaa',
  startedAt: 0,
  size: { cols: 80, rows: 24 },
  title: 'a small disk',
};
const lineOf = (n: number): string => `${String(n).padStart(7)}\r\n`;
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'no error');

const recording = await recordings.begin(of);
let isBroken = false;
void recording.broken.then(() => {
  isBroken = true;
});
for (let n = 0; !isBroken; n += 1) {
  await recording.output(Buffer.from(lineOf(n))).catch(() => {});
  if (n % 500 === 0) await new Promise((resume) => setImmediate(resume));
}
const refused = await recording.output(Buffer.from('x')).catch(nameOf);
fillUp();
const digest = await recording.end(1);
fillUp();
const beginWhenFull = await recordings.begin({ ...of, session: 'ses_bbbbbbbbbbbbbbbb' }).catch(nameOf);

const file = readFileSync(join(dir, 'recordings', of.access, `${of.session}.cast`));
const reader = castReader();
const events = reader.read(file.toString());
const shown = events.flatMap(({ code, data }) => (code === 'o' ? [data] : [])).join('');
const expected = Array.from({ length: shown.length / lineOf(0).length }, (_, n) => lineOf(n)).join('');
process.stdout.write(
  JSON.stringify({
    reason: await recording.broken,
    refused,
    isTruthful:
      digest.bytes === file.length && digest.sha256 === createHash('sha256').update(file).digest('hex'),
    verdict: verifyRecording(file),
    isPrefix: shown.length > 100_000 && shown === expected,
    unreadable: reader.unreadable,
    beginWhenFull,
    left: readdirSync(join(dir, 'recordings', of.access)).sort(),
  }),
);

/** Leaves not a byte, whatever was freed. */
function fillUp(): void {
  try {
    for (;;) appendFileSync(join(dir, 'filler'), 'x'.repeat(100));
  } catch {}
}
