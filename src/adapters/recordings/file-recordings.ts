/**
 * Keeps recordings as files: `recordings/<access>/<session>.cast` below the data directory, for the owner alone. While
 * one is open, and until the trail holds its end, a note of the same name stands beside it (see `sidecar.ts`).
 */
import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { AccessId, SessionId } from '../../domain/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import {
  type Orphan,
  type Recording,
  RecordingFault,
  type RecordingOf,
  type Recordings,
} from '../../ports/recordings.ts';
import { createCastFile } from './cast-file.ts';
import { closeOrphan, headerOf } from './close-orphan.ts';
import { type Log, subjectOf } from './log-subject.ts';
import { makeDir, type Place, placeOf, placesWith } from './places.ts';
import { sessionRecording } from './session-recording.ts';
import { isAlive, readSidecar, removeSidecar, writeSidecar } from './sidecar.ts';
import { codeOf, faultFrom } from './trouble.ts';

export type FileRecordingsOptions = {
  /** The data directory. */
  readonly dir: string;
  readonly log: Log;
  /** Times the events; by default one that never jumps. */
  readonly clock?: Pick<Clock, 'now'>;
  /** From being handed over to being on disk, at most. */
  readonly flushMs?: number;
  /** Size of a file at which its recording counts as full. */
  readonly maxBytes?: number;
  readonly stallMs?: number;
};

const steadyClock: Pick<Clock, 'now'> = { now: () => performance.now() };

export function fileRecordings(options: FileRecordingsOptions): Recordings {
  const { dir, log, clock = steadyClock, flushMs = 1_000, maxBytes = 2 ** 30, stallMs = 10_000 } = options;

  async function begin(of: RecordingOf): Promise<Recording> {
    const place = placeOf(dir, of.access, of.session);
    if (place === undefined) throw new RecordingFault('the recording has no well-formed name');
    try {
      await makeDir(dir, place);
      await writeSidecar(place, of);
      try {
        const file = await createCastFile(place.dir, place.cast, headerOf(of));
        const startedAt = clock.now();
        const elapsedMs = (): number => clock.now() - startedAt;
        return sessionRecording(file, of, { flushMs, maxBytes, stallMs, elapsedMs, log });
      } catch (error) {
        // No recording, no shell, nothing to keep; but a file that stood before is somebody's recording.
        if (codeOf(error) !== 'EEXIST') await rm(place.cast, { force: true }).catch(() => {});
        await removeSidecar(place).catch(() => {});
        throw error;
      }
    } catch (error) {
      throw faultFrom(error);
    }
  }

  async function orphanAt(place: Place): Promise<Orphan | undefined> {
    const sidecar = await readSidecar(place);
    if (sidecar === undefined) {
      log.error(
        subjectOf(place),
        'the note beside a recording cannot be read: its end is not told to the trail',
      );
      return undefined;
    }
    if (isAlive(sidecar.writer)) return undefined;
    const { of } = sidecar;
    return { of, digest: await closeOrphan(place, of, log) };
  }

  return {
    begin,
    async orphans() {
      const found: Orphan[] = [];
      for (const place of await placesWith(dir, 'open').catch(raise)) {
        try {
          const orphan = await orphanAt(place);
          if (orphan !== undefined) found.push(orphan);
        } catch (error) {
          // Each fails alone, and comes again.
          log.error({ ...subjectOf(place), err: error }, 'a recording that was left open cannot be closed');
        }
      }
      return found;
    },
    async settled(access, session) {
      const place = placeOf(dir, access, session);
      if (place !== undefined) await removeSidecar(place).catch(raise);
    },
    read: (access, session) => readCast(dir, access, session),
  };
}

async function readCast(dir: string, access: AccessId, session: SessionId): Promise<Readable | undefined> {
  const place = placeOf(dir, access, session);
  if (place === undefined) return undefined;
  try {
    const handle = await open(place.cast, constants.O_RDONLY | constants.O_NOFOLLOW);
    // Up to where it is now: a file under way has no end that could be waited for.
    const { size } = await handle.stat();
    return handle.createReadStream({ start: 0, end: Math.max(0, size - 1) });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw faultFrom(error);
  }
}

function raise(error: unknown): never {
  throw faultFrom(error);
}
