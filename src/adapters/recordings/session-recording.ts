/**
 * One recording under way: gathers events, writes them well within `flushMs` of their coming, and sees to it that
 * they last. Nothing here blocks, and no more than about a megabyte waits in memory, if callers wait for `output`.
 *
 * It breaks once and for all when the disk does: the first failure is told through `broken`, everything after is
 * refused, and `end` closes what there is.
 */
import { type Recording, type RecordingDigest, RecordingFault } from '../../ports/recordings.ts';
import type { CastFile } from './cast-file.ts';
import { eventBuffer } from './event-buffer.ts';
import { type Log, type Subject, subjectOf } from './log-subject.ts';
import { faultFrom, reasonOf } from './trouble.ts';

export type SessionOptions = {
  readonly flushMs: number;
  readonly maxBytes: number;
  /** An append or a sync that takes longer counts as failed: for what is shown meanwhile is not recorded. */
  readonly stallMs: number;
  /** Milliseconds since the recording began. */
  readonly elapsedMs: () => number;
  readonly log: Log;
};

/** Waiting bytes from which they are written at once. */
const burstBytes = 256 * 1024;
/** Waiting bytes from which callers are held back. */
const holdBackBytes = 1024 * 1024;
/** Bytes in one append: what a crash may leave without a chain line, give or take a line. */
const appendBytes = 4 * 1024 * 1024;

export function sessionRecording(file: CastFile, of: Subject, options: SessionOptions): Recording {
  const { flushMs, maxBytes, stallMs, elapsedMs, log } = options;
  const buffer = eventBuffer(elapsedMs);
  const broken = Promise.withResolvers<string>();
  let fault: RecordingFault | undefined;
  let ending: Promise<RecordingDigest> | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** Fulfilled when all appends so far are over. */
  let appended: Promise<void> = Promise.resolve();
  let appending = 0;
  let synced: Promise<void> = Promise.resolve();
  /** Callers that are held back. */
  let room: PromiseWithResolvers<void> | undefined;

  function fail(error: unknown): void {
    if (fault !== undefined) return;
    fault = faultFrom(error);
    clearTimeout(timer);
    buffer.take();
    room?.reject(fault);
    room = undefined;
    log.error({ ...subjectOf(of), err: error }, 'a recording cannot be written any more');
    broken.resolve(fault.message);
  }

  /** Says so when `work` fails or stalls; a stalled one goes on nevertheless. */
  async function guard(work: Promise<void>): Promise<void> {
    const stalled = setTimeout(() => fail(new RecordingFault('the disk does not answer')), stallMs);
    try {
      await work;
    } catch (error) {
      fail(error);
    } finally {
      clearTimeout(stalled);
    }
  }

  /** Appends what waits, after what is being appended already. */
  function append(): Promise<void> {
    appending += 1;
    appended = appended.then(async () => {
      if (fault === undefined) await guard(appendWaiting());
      appending -= 1;
      if (fault !== undefined) return;
      if (buffer.size <= holdBackBytes) {
        room?.resolve();
        room = undefined;
      }
      appendBurst();
    });
    return appended;
  }

  async function appendWaiting(): Promise<void> {
    for (const lines of groupsOf(buffer.take())) {
      let left = maxBytes - file.bytes;
      const end = lines.findIndex((line) => {
        left -= line.length;
        return left < 0;
      });
      const fitting = end < 0 ? lines : lines.slice(0, end);
      if (fitting.length > 0) await file.append(fitting);
      if (end >= 0) throw new RecordingFault('the recording is full');
    }
  }

  /** One sync at a time, beside further appends. */
  async function flush(): Promise<void> {
    timer = undefined;
    await append();
    synced = synced.then(() => (fault === undefined ? guard(file.sync()) : undefined));
    await synced;
  }

  function schedule(): void {
    // Half of the time for waiting, the other half for the disk.
    timer ??= setTimeout(() => void flush(), flushMs / 2);
    appendBurst();
  }

  function appendBurst(): void {
    if (appending === 0 && buffer.size >= burstBytes) void append();
  }

  async function take(code: 'o' | 'i', bytes: Uint8Array): Promise<void> {
    if (fault !== undefined) throw fault;
    if (ending !== undefined) throw new RecordingFault('the recording has ended');
    buffer.bytes(code, bytes);
    schedule();
    if (buffer.size <= holdBackBytes) return;
    room ??= Promise.withResolvers();
    await room.promise;
  }

  async function close(status: number | undefined): Promise<RecordingDigest> {
    buffer.finish();
    if (status === undefined) buffer.event('m', 'ended');
    else buffer.event('x', String(status));
    const seconds = Math.ceil(buffer.lastMs / 1_000);
    clearTimeout(timer);
    await flush();
    clearTimeout(timer);
    const digest =
      fault === undefined
        ? { bytes: file.bytes, sha256: file.sha256() }
        : await salvage(fault.message, status);
    await file
      .close()
      .catch((error) => log.warn({ ...subjectOf(of), err: error }, 'closing a recording failed'));
    return { seconds, ...digest };
  }

  /** Of a broken recording: ends it with the reason where there is room for that, and tells what is there. */
  async function salvage(why: string, status: number | undefined): Promise<Omit<RecordingDigest, 'seconds'>> {
    const last = eventBuffer(() => 0);
    last.event('m', `cut off: ${why}`);
    if (status !== undefined) last.event('x', String(status));
    for (const step of [() => file.cutBack(), () => file.append(last.take()), () => file.sync()]) {
      try {
        await step();
      } catch (error) {
        log.warn({ ...subjectOf(of), reason: reasonOf(error) }, 'a broken recording was not closed properly');
        await file.cutBack().catch(() => {});
        break;
      }
    }
    return await file.readBack().catch(() => ({ bytes: file.bytes, sha256: file.sha256() }));
  }

  return {
    output: (bytes) => take('o', bytes),
    input: (bytes) => take('i', bytes),
    resize({ cols, rows }) {
      if (fault !== undefined || ending !== undefined) return;
      buffer.event('r', `${cols}x${rows}`);
      schedule();
    },
    end(status) {
      ending ??= close(status);
      return ending;
    },
    broken: broken.promise,
  };
}

function groupsOf(lines: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const groups: Uint8Array[][] = [];
  let size = appendBytes;
  for (const line of lines) {
    if (size + line.length > appendBytes) {
      groups.push([]);
      size = 0;
    }
    groups.at(-1)?.push(line);
    size += line.length;
  }
  return groups;
}
