/** Recordings that go to a bucket as well: a real SDK client against a look-alike. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { fileRecordings } from '../../../src/adapters/recordings/file-recordings.ts';
import { type UploadOptions, withUploads } from '../../../src/adapters/recordings/uploads.ts';
import { RecordingFault, type RecordingOf, type Recordings } from '../../../src/ports/recordings.ts';
import { fileOf, newRecording, recordingsContract, sha256 } from '../../contract/recordings.ts';
import { type HandClock, handClock } from '../../support/hand-clock.ts';
import { type S3Lookalike, startS3Lookalike } from '../../support/s3-lookalike.ts';
import { type FilesGround, filesGround } from './files-ground.ts';

let s3: S3Lookalike;
let ground: FilesGround;
let clock: HandClock;
let pauses: number[];
let told: string[];
let uploads: (Recordings & AsyncDisposable)[];

beforeEach(async () => {
  s3 = await startS3Lookalike();
  ground = filesGround();
  clock = handClock(0);
  pauses = [];
  told = [];
  uploads = [];
});
afterEach(async () => {
  for (const each of uploads) await each[Symbol.asyncDispose]();
  await ground[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
});

function uploading(recordings: Recordings, more: Partial<UploadOptions> = {}): Recordings & AsyncDisposable {
  const made = withUploads(recordings, {
    client: s3.client,
    bucket: 'casts',
    prefix: 'prod access/',
    dir: ground.dir,
    clock: {
      sleep: (ms, signal) => {
        pauses.push(ms);
        return clock.sleep(ms, signal);
      },
    },
    random: () => 1,
    log: ground.options.log,
    onTrouble: (_access, session, why) => void told.push(`${session} ${why}`),
    onDone: (_access, session) => void told.push(`${session} done`),
    ...more,
  });
  uploads.push(made);
  return made;
}

async function record(recordings: Recordings, words: string, of = newRecording()): Promise<RecordingOf> {
  const recording = await recordings.begin(of);
  await recording.output(Buffer.from(words));
  await recording.end(0);
  return of;
}
/** Files of the directory that this process holds open. */
const openFilesIn = (dir: string): readonly string[] =>
  readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      return path.startsWith(dir) ? [path] : [];
    } catch {
      return [];
    }
  });
const pathOf = ({ access, session }: RecordingOf): string => `/casts/prod access/${access}/${session}.cast`;
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 5_000, interval: 5 });
const isDone = (of: RecordingOf) => until(() => expect(told.at(-1)).toBe(`${of.session} done`));

it('uploads what has ended, with its checksum, and keeps the file', async () => {
  const recordings = uploading(ground.recordings);
  const of = await record(recordings, 'hello\r\n'.repeat(100_000));
  await isDone(of);
  const file = readFileSync(ground.path(of));
  const object = s3.objects.get(pathOf(of));
  expect(object?.contentType).toBe('application/x-asciicast');
  expect(object?.body.equals(file)).toBe(true);
  expect(object?.checksum).toBe(Buffer.from(sha256(file), 'hex').toString('base64'));
  await until(() => expect(existsSync(ground.path(of, 'uploaded'))).toBe(true));
  expect(existsSync(ground.path(of, 'upload'))).toBe(false);
});

it('tries again and again, at most a minute apart, and tells of an outage once', async () => {
  s3.fail = () => ({ status: 503, code: 'SlowDown' });
  const recordings = uploading(ground.recordings);
  const one = await record(recordings, 'one');
  const two = await record(recordings, 'two');
  for (let n = 1; n <= 12; n += 1) {
    if (n > 1) clock.tick(60_000);
    await until(() => expect(pauses).toHaveLength(2 * n));
  }
  expect(told).toEqual([`${one.session} SlowDown`]);
  expect(pauses.slice(0, 4)).toEqual([1_000, 1_000, 2_000, 2_000]);
  expect(Math.max(...pauses)).toBe(60_000);
  s3.fail = () => undefined;
  clock.tick(60_000);
  await until(() => expect(told).toHaveLength(3));
  expect(told.slice(1).toSorted()).toEqual([`${one.session} done`, `${two.session} done`].toSorted());
  expect(s3.objects.size).toBe(2);
});

it('survives broken connections, and tells of the next outage anew', async () => {
  const recordings = uploading(ground.recordings);
  for (const round of [1, 2]) {
    let failures = 2;
    s3.fail = () => (failures-- > 0 ? 'reset' : undefined);
    told.length = 0;
    pauses.length = 0;
    const of = await record(recordings, `round ${round} `.repeat(100_000));
    for (const n of [1, 2]) {
      await until(() => expect(pauses).toHaveLength(n));
      clock.tick(60_000);
    }
    await isDone(of);
    await until(() => expect(openFilesIn(ground.dir)).toEqual([]));
    expect(told).toEqual([
      expect.stringMatching(/ECONNRESET|EPIPE|TimeoutError|Error/),
      `${of.session} done`,
    ]);
  }
});

it('goes on after a restart', async () => {
  s3.fail = () => ({ status: 500, code: 'InternalError' });
  const first = uploading(ground.recordings);
  const of = await record(first, 'x');
  await until(() => expect(pauses).toHaveLength(1));
  await first[Symbol.asyncDispose]();
  s3.fail = () => undefined;
  uploading(fileRecordings(ground.options));
  await isDone(of);
  expect(s3.objects.has(pathOf(of))).toBe(true);
});

it('uploads what a dead process left, once', async () => {
  const of = newRecording();
  await (await ground.recordings.begin(of)).output(Buffer.from('x'));
  const after = uploading(await ground.crash());
  expect(await after.orphans()).toHaveLength(1);
  await isDone(of);
  await until(() => expect(existsSync(ground.path(of, 'uploaded'))).toBe(true));
  expect(await after.orphans()).toHaveLength(1);
  expect(await after.orphans()).toHaveLength(1);
  await record(after, 'y');
  await until(() => expect(s3.requests).toHaveLength(2));
  expect(s3.requests.filter((each) => each === `PUT ${pathOf(of)}`)).toHaveLength(1);
});

it('never gives the bucket a file that differs from the digest it ended with, and holds up no other', async () => {
  s3.fail = () => ({ status: 500, code: 'InternalError' });
  const recordings = uploading(ground.recordings);
  const altered = await record(recordings, 'the truth');
  await until(() => expect(pauses).toHaveLength(1));
  const gone = await record(recordings, 'gone');
  await until(() => expect(pauses).toHaveLength(2));
  writeFileSync(ground.path(altered), readFileSync(ground.path(altered), 'utf8').replace('truth', 'trust'));
  rmSync(ground.path(gone));
  s3.fail = () => undefined;
  told.length = 0;
  clock.tick(60_000);
  await until(() =>
    expect(told.toSorted()).toEqual(
      [`${altered.session} BadDigest`, `${gone.session} the file is gone`].toSorted(),
    ),
  );
  await isDone(await record(recordings, 'another'));
  expect(s3.objects.size).toBe(1);
});

it('reads from the bucket what is on another host', async () => {
  const recordings = uploading(ground.recordings);
  const of = await record(recordings, 'far away');
  await isDone(of);
  const file = readFileSync(ground.path(of));
  const elsewhere = filesGround();
  try {
    const other = uploading(elsewhere.recordings, { dir: elsewhere.dir });
    expect(await fileOf(other, of)).toEqual(file);
    expect(await other.read(of.access, newRecording().session)).toBeUndefined();
    const object = s3.objects.get(pathOf(of));
    if (object !== undefined) s3.objects.set(pathOf(of), { ...object, body: Buffer.from('forged') });
    await expect(
      other.read(of.access, of.session).then((stream) => stream && buffer(stream)),
    ).rejects.toThrow(/checksum/i);
    s3.fail = () => ({ status: 403, code: 'AccessDenied' });
    await expect(other.read(of.access, of.session)).rejects.toThrow(RecordingFault);
    const before = s3.requests.length;
    expect(await other.read('../etc' as 'acc_x', of.session)).toBeUndefined();
    expect(s3.requests).toHaveLength(before);
  } finally {
    await elsewhere[Symbol.asyncDispose]();
  }
});

it('ends a recording though nothing can be noted, and uploads it all the same', async () => {
  const recordings = uploading(ground.recordings);
  const of = newRecording();
  const recording = await recordings.begin(of);
  mkdirSync(ground.path(of, 'upload'));
  await recording.end(0);
  await isDone(of);
  expect(ground.logged).toContain('an upload could not be noted');
});

recordingsContract('files that are uploaded', async () => {
  const files = filesGround();
  const store = await startS3Lookalike();
  const over = (recordings: Recordings) =>
    withUploads(recordings, {
      client: store.client,
      bucket: 'casts',
      prefix: '',
      dir: files.dir,
      clock: handClock(0),
      random: Math.random,
      log: files.options.log,
      onTrouble: () => {},
      onDone: () => {},
    });
  const made = [over(files.recordings)];
  return {
    get recordings() {
      return made[0] ?? files.recordings;
    },
    async crash() {
      const after = over(await files.crash());
      made.push(after);
      return after;
    },
    async [Symbol.asyncDispose]() {
      for (const each of made) await each[Symbol.asyncDispose]();
      await files[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
});
