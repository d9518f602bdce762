/**
 * Recordings that are also uploaded to a bucket once they have ended, and read from there where their file is on
 * another host. The local file stays, whatever comes.
 *
 * Nothing waits for an upload and none is given up: each is tried again until it succeeds, at most a minute apart, and
 * after a restart too. Disposing stops the tries and leaves their notes for the next process.
 */
import { setMaxListeners } from 'node:events';
import type { Readable } from 'node:stream';
import { type AccessId, isAccessId, isSessionId, type SessionId } from '../../domain/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import {
  type Recording,
  type RecordingDigest,
  RecordingFault,
  type RecordingOf,
  type Recordings,
} from '../../ports/recordings.ts';
import { type Bucket, getRecording, putRecording } from './bucket.ts';
import { type Log, subjectOf } from './log-subject.ts';
import { type Place, placeOf, placesWith } from './places.ts';
import { codeOf } from './trouble.ts';
import { markDone, readDone, readNote, type UploadNote, writeNote } from './upload-notes.ts';

export type UploadOptions = Bucket & {
  /** The data directory: that of the recordings. */
  readonly dir: string;
  readonly clock: Pick<Clock, 'sleep'>;
  /** From 0 to 1, for the jitter. */
  readonly random: () => number;
  readonly log: Log;
  /** A try failed: told once for each outage of the bucket, and once for each recording that it refuses. */
  readonly onTrouble: (access: AccessId, session: SessionId, why: string) => void;
  /** The bucket holds it. */
  readonly onDone: (access: AccessId, session: SessionId) => void;
};

type Wanted = {
  readonly place: Place;
  /** The newest: a recording that was closed anew after a crash has another digest. */
  note: UploadNote;
  settled: Promise<void>;
};

/** Bodies under way at once. */
const lanes = 2;
const firstPauseMs = 1_000;
const pauseMaxMs = 60_000;
/** What is wrong with one recording, not with the bucket. */
const refusals: readonly string[] = [
  'BadDigest',
  'InvalidDigest',
  'IncompleteBody',
  'XAmzContentChecksumMismatch',
  'EntityTooLarge',
];

export function withUploads(recordings: Recordings, options: UploadOptions): Recordings & AsyncDisposable {
  const { dir, clock, random, log, onTrouble, onDone } = options;
  const stop = new AbortController();
  // Each try listens; that is no leak.
  setMaxListeners(0, stop.signal);
  /** Uploads that are wanted, by session, until they succeed. */
  const wanted = new Map<SessionId, Wanted>();
  const free: (() => void)[] = [];
  let busy = 0;
  let isOut = false;

  async function inLane<T>(work: () => Promise<T>): Promise<T> {
    if (busy >= lanes) await new Promise<void>((resume) => free.push(resume));
    else busy += 1;
    try {
      return await work();
    } finally {
      const next = free.shift();
      if (next === undefined) busy -= 1;
      else next();
    }
  }

  async function upload({ access, session }: Place, note: UploadNote): Promise<void> {
    const late = AbortSignal.timeout(tryMs(note.bytes));
    const body = await recordings.read(access, session);
    if (body === undefined) throw new RecordingFault('the file is gone');
    try {
      await putRecording(options, access, session, body, note, AbortSignal.any([stop.signal, late]));
    } catch (error) {
      late.throwIfAborted();
      throw error;
    } finally {
      body.destroy();
    }
  }

  async function uploadInTheEnd(wish: Wanted): Promise<void> {
    const { place } = wish;
    let refused = false;
    for (let tries = 0; !stop.signal.aborted; tries += 1) {
      const { note } = wish;
      try {
        await inLane(async () => {
          if (!stop.signal.aborted) await upload(place, note);
        });
      } catch (error) {
        if (stop.signal.aborted) return;
        const why = whyOf(error);
        const own = error instanceof RecordingFault || refusals.includes(why);
        log.warn({ ...subjectOf(place), err: error, tries: tries + 1 }, 'a recording was not uploaded');
        if (own ? !refused : !isOut) tell(() => onTrouble(place.access, place.session, why));
        if (own) refused = true;
        else isOut = true;
        await clock.sleep(pauseMs(tries, random()), stop.signal).catch(() => {});
        continue;
      }
      if (stop.signal.aborted) return;
      isOut = false;
      if (note === wish.note) return await done(place);
    }
  }

  async function done(place: Place): Promise<void> {
    await markDone(place).catch((error) => {
      // It is uploaded again after a restart, which does no harm.
      log.warn({ ...subjectOf(place), err: error }, 'an upload could not be noted as done');
    });
    tell(() => onDone(place.access, place.session));
  }

  /** Whoever is told may fail without harm to the upload. */
  function tell(how: () => void): void {
    try {
      how();
    } catch (error) {
      log.error({ err: error }, 'whoever is told of uploads failed');
    }
  }

  function want(place: Place, note: UploadNote): void {
    if (stop.signal.aborted) return;
    const wish = wanted.get(place.session);
    if (wish !== undefined) {
      wish.note = note;
      return;
    }
    const fresh: Wanted = { place, note, settled: Promise.resolve() };
    wanted.set(place.session, fresh);
    fresh.settled = uploadInTheEnd(fresh).finally(() => wanted.delete(place.session));
  }

  async function ended(of: RecordingOf, digest: RecordingDigest): Promise<void> {
    const place = placeOf(dir, of.access, of.session);
    if (place === undefined || (await readDone(place))?.sha256 === digest.sha256) return;
    await writeNote(place, digest).catch((error) => {
      // The upload goes on, but would not after a restart.
      log.error({ ...subjectOf(of), err: error }, 'an upload could not be noted');
    });
    want(place, digest);
  }

  async function resume(): Promise<void> {
    for (const place of await placesWith(dir, 'upload')) {
      const note = await readNote(place);
      if (note === undefined) log.error(subjectOf(place), 'the note of an upload cannot be read');
      else want(place, note);
    }
  }

  const resumed = resume().catch((error) =>
    log.error({ err: error }, 'uploads left to do could not be listed'),
  );

  return {
    async begin(of) {
      const recording: Recording = await recordings.begin(of);
      return {
        ...recording,
        async end(status) {
          const digest = await recording.end(status);
          await ended(of, digest);
          return digest;
        },
      };
    },
    async orphans() {
      const orphans = await recordings.orphans();
      for (const { of, digest } of orphans) await ended(of, digest);
      return orphans;
    },
    settled: (access, session) => recordings.settled(access, session),
    async read(access, session): Promise<Readable | undefined> {
      if (!isAccessId(access) || !isSessionId(session)) return undefined;
      const local = await recordings.read(access, session);
      if (local !== undefined) return local;
      try {
        return await getRecording(options, access, session);
      } catch (error) {
        throw new RecordingFault(`the bucket does not give the recording (${whyOf(error)})`, {
          cause: error,
        });
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new RecordingFault('uploads were stopped'));
      await resumed;
      await Promise.all([...wanted.values()].map(({ settled }) => settled));
    },
  };
}

/** Between half of it and the whole, doubled at each try. */
function pauseMs(tries: number, random: number): number {
  return Math.min(pauseMaxMs, firstPauseMs * 2 ** Math.min(tries, 10)) * (0.5 + random / 2);
}

/** A try's time, from a slow line: 100 kB a second. */
function tryMs(bytes: number): number {
  return 60_000 + Math.ceil(bytes / 100);
}

/** The SDK's errors have names, the system's have codes; messages could hold addresses and more. */
function whyOf(error: unknown): string {
  if (error instanceof RecordingFault) return error.message;
  return codeOf(error) ?? (error instanceof Error ? error.name : 'unknown');
}
