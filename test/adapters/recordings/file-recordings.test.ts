/** What files add to the contract: exact text and times, modes, bounds, and every way in which a disk fails. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, it, vi } from 'vitest';
import { verifyRecording } from '../../../src/domain/cast-chain.ts';
import { RecordingFault } from '../../../src/ports/recordings.ts';
import { castOf, dataOf, fileOf, newRecording, sha256 } from '../../contract/recordings.ts';
import { handClock } from '../../support/hand-clock.ts';
import { type FilesGround, filesGround } from './files-ground.ts';

const grounds: FilesGround[] = [];
afterEach(async () => {
  for (const ground of grounds.splice(0)) await ground[Symbol.asyncDispose]();
});
function begin(more: Parameters<typeof filesGround>[0] = {}): FilesGround {
  const ground = filesGround(more);
  grounds.push(ground);
  return ground;
}
const decoded = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

it('lets the owner alone at its files, and names the writer before the recording stands', async () => {
  const { recordings, path, dir } = begin();
  const of = newRecording();
  await recordings.begin(of);
  const modes = [join(dir, 'recordings'), join(path(of), '..'), path(of), path(of, 'open')];
  expect(modes.map((each) => (statSync(each).mode & 0o777).toString(8))).toEqual([
    '700',
    '700',
    '600',
    '600',
  ]);
  expect(JSON.parse(readFileSync(path(of, 'open'), 'utf8'))).toMatchObject({
    of,
    writer: { pid: process.pid },
  });
  await recordings.settled(of.access, of.session);
  expect(existsSync(path(of, 'open'))).toBe(false);
});

it('holds exactly what a decoder makes of all bytes, however they are split', async () => {
  const { recordings } = begin({ flushMs: 20 });
  // Text with characters of two to four bytes, and bytes that are no text.
  const some = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.string({ unit: 'binary', maxLength: 12 }).map((text) => new Uint8Array(Buffer.from(text))),
      fc
        .constantFrom('\xef\xbb\xbf', '\xf0\x9f\x92', '\xed\xa0\x80', '\xc3')
        .map((text) => Buffer.from(text, 'latin1')),
    ),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(some, some, async (shown, typed) => {
      const of = newRecording();
      const recording = await recordings.begin(of);
      for (let n = 0; n < Math.max(shown.length, typed.length); n += 1) {
        await recording.output(shown[n] ?? new Uint8Array());
        await recording.input(typed[n] ?? new Uint8Array());
        if (n % 11 === 10) await new Promise((resume) => setTimeout(resume, 5));
      }
      const digest = await recording.end(0);
      const file = await fileOf(recordings, of);
      const { events, reader } = castOf(file.toString());
      expect(reader.unreadable).toBe(0);
      expect(dataOf(events, 'o')).toBe(decoded(Buffer.concat(shown)));
      expect(dataOf(events, 'i')).toBe(decoded(Buffer.concat(typed)));
      expect(digest).toMatchObject({ bytes: file.length, sha256: sha256(file) });
      expect(verifyRecording(file)).toEqual({ kind: 'whole' });
    }),
    { numRuns: 25 },
  );
});

it('loses nothing of a million lines, in few events', async () => {
  const { recordings } = begin();
  const of = newRecording();
  const recording = await recordings.begin(of);
  const lines = Array.from({ length: 1_000_000 }, (_, n) => `${n} ✓ \x1b[32mdone\x1b[0m\r\n`).join('');
  const bytes = Buffer.from(lines);
  // A piece's end falls into characters.
  for (let at = 0; at < bytes.length; at += 4_093) await recording.output(bytes.subarray(at, at + 4_093));
  await recording.end(0);
  const { events } = castOf((await fileOf(recordings, of)).toString());
  expect(dataOf(events, 'o') === lines).toBe(true);
  expect(events.length).toBeLessThan(bytes.length / 16_384);
});

it('times events to within 10 ms, and adds up without an error', async () => {
  const clock = handClock(1_000);
  const { recordings } = begin({ clock });
  const of = newRecording();
  const recording = await recordings.begin(of);
  const times = [...Array(5_000).keys()].map((n) => n + 1).map((n) => n * 17 + (n % 7));
  for (const [n, at] of times.entries()) {
    clock.tick(at - (times[n - 1] ?? 0));
    await recording.output(Buffer.from(`${n}\n`));
    // Shares the event of the one before.
    clock.tick(3);
    await recording.output(Buffer.from('again\n'));
    clock.tick(-3);
  }
  clock.tick(400);
  const { seconds } = await recording.end(0);
  const { events } = castOf((await fileOf(recordings, of)).toString());
  const shown = events.filter(({ code }) => code === 'o');
  expect(shown.map(({ atMs }) => atMs)).toEqual(times);
  expect(shown.every(({ data }, n) => data === `${n}\nagain\n`)).toBe(true);
  expect(events.at(-1)?.atMs).toBe((times.at(-1) ?? 0) + 400);
  expect(seconds).toBe(Math.ceil(((times.at(-1) ?? 0) + 400) / 1_000));
});

it('never goes back in time with its clock', async () => {
  const clock = handClock(50_000);
  const { recordings } = begin({ clock });
  const of = newRecording();
  const recording = await recordings.begin(of);
  for (const ms of [100, -60_000, 30_000, 40_000]) {
    clock.tick(ms);
    await recording.output(Buffer.from('x'));
    recording.resize({ cols: 80, rows: 25 });
  }
  await recording.end(0);
  const { events, reader } = castOf((await fileOf(recordings, of)).toString());
  expect(reader.unreadable).toBe(0);
  expect(events.map(({ atMs }) => atMs)).toEqual([100, 100, 100, 100, 100, 100, 10_100, 10_100, 10_100]);
});

it('writes what was handed over within the time that it promises', async () => {
  const { recordings, path } = begin({ flushMs: 1_000 });
  const of = newRecording();
  const recording = await recordings.begin(of);
  for (const word of ['one', 'two', 'three']) {
    await recording.output(Buffer.from(word));
    await vi.waitFor(() => expect(readFileSync(path(of), 'utf8')).toContain(word), {
      timeout: 1_000,
      interval: 5,
    });
    expect(verifyRecording(readFileSync(path(of)))).toEqual({ kind: 'whole' });
  }
});

it('holds back whoever is faster than the disk, and lets them go on', async () => {
  const { recordings } = begin({ flushMs: 60_000 });
  const of = newRecording();
  const recording = await recordings.begin(of);
  const piece = Buffer.alloc(100_000, 'x');
  let through = 0;
  const all = Array.from({ length: 40 }, () => recording.output(piece).then(() => (through += 1)));
  await Promise.resolve();
  expect(through).toBeLessThan(12);
  await Promise.all(all);
  await recording.end(0);
  expect(dataOf(castOf((await fileOf(recordings, of)).toString()).events, 'o')).toHaveLength(4_000_000);
});

it('has a chain line every few megabytes, however much comes at once', async () => {
  const { recordings } = begin();
  const of = newRecording();
  const recording = await recordings.begin(of);
  await recording.output(Buffer.alloc(20_000_000, '\0'));
  await recording.end(0);
  const file = await fileOf(recordings, of);
  expect(verifyRecording(file)).toEqual({ kind: 'whole' });
  // Escaped, each of the bytes takes six.
  const between = file.toString('latin1').split(/^# chain .*\n/m);
  expect(Math.max(...between.map(({ length }) => length))).toBeLessThan(5_000_000);
});

it('does not wait for its timer in a flood', async () => {
  const { recordings } = begin({ flushMs: 600_000 });
  const of = newRecording();
  const recording = await recordings.begin(of);
  // No turn of the event loop between pieces, but where it holds back.
  for (let n = 0; n < 400; n += 1) await recording.output(Buffer.alloc(50_000, 'x'));
  await recording.end(0);
  expect(dataOf(castOf((await fileOf(recordings, of)).toString()).events, 'o')).toHaveLength(20_000_000);
});

it('is full at its bound: says so once, takes no more, and ends with the reason', async () => {
  const { recordings } = begin({ maxBytes: 100_000 });
  const of = newRecording();
  const recording = await recordings.begin(of);
  const flood = (async () => {
    for (;;) await recording.output(Buffer.from('all work and no play\r\n'.repeat(100)));
  })();
  await expect(flood).rejects.toThrow(RecordingFault);
  expect(await recording.broken).toBe('the recording is full');
  await expect(recording.input(Buffer.from('x'))).rejects.toThrow('the recording is full');
  const digest = await recording.end(129);
  const file = await fileOf(recordings, of);
  expect(digest).toMatchObject({ bytes: file.length, sha256: sha256(file) });
  expect(file.length).toBeLessThan(101_000);
  expect(verifyRecording(file)).toEqual({ kind: 'whole' });
  const { events } = castOf(file.toString());
  expect(events.slice(-2).map(({ data }) => data)).toEqual(['cut off: the recording is full', '129']);
  expect(decoded(Buffer.from('all work and no play\r\n'.repeat(5_000)))).toContain(dataOf(events, 'o'));
});

it.each<[string, string, (path: string) => void]>([
  ['its file removed', 'the file is gone', (path) => rmSync(path)],
  ['its directory removed', 'the file is gone', (path) => rmSync(join(path, '..'), { recursive: true })],
  ['its file moved away', 'the file is gone', (path) => renameSync(path, `${path}.away`)],
  [
    'its file replaced',
    'the file was replaced',
    (path) => {
      renameSync(path, `${path}.away`);
      writeFileSync(path, readFileSync(`${path}.away`));
    },
  ],
  ['its file cut', 'somebody else changed the file', (path) => truncateSync(path, 10)],
  [
    'its file added to',
    'somebody else changed the file',
    (path) => writeFileSync(path, 'x'.repeat(5_000), { flag: 'a' }),
  ],
])('breaks with %s', async (_, reason, harm) => {
  const { recordings, path } = begin();
  const of = newRecording();
  const recording = await recordings.begin(of);
  await recording.output(Buffer.from('before'));
  await vi.waitFor(() => expect(readFileSync(path(of), 'utf8')).toContain('before'));
  harm(path(of));
  await recording.output(Buffer.from('after'));
  expect(await recording.broken).toBe(reason);
  await expect(recording.output(Buffer.from('x'))).rejects.toThrow(RecordingFault);
  recording.resize({ cols: 80, rows: 24 });
  const digest = await recording.end();
  const left = [path(of), `${path(of)}.away`]
    .filter((each) => existsSync(each))
    .map((each) => sha256(readFileSync(each)));
  if (left.length > 0) expect(left).toContain(digest.sha256);
});

it('does not begin where it cannot, and leaves nothing', async () => {
  const { recordings, dir } = begin();
  writeFileSync(join(dir, 'recordings'), 'a file');
  await expect(recordings.begin(newRecording())).rejects.toThrow(RecordingFault);
  await expect(recordings.orphans()).resolves.toEqual([]);
  rmSync(join(dir, 'recordings'));
  const of = newRecording();
  mkdirSync(join(dir, 'recordings', of.access, `${of.session}.cast`), { recursive: true });
  await expect(recordings.begin(of)).rejects.toThrow(RecordingFault);
  expect(existsSync(join(dir, 'recordings', of.access, `${of.session}.open`))).toBe(false);
});
