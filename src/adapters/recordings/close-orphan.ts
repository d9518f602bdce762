/**
 * Closes a recording whose writer is dead. What it becomes follows from what is on disk alone: everything up to the last
 * whole line, a marker that says that it was cut off, a chain line. So it does no harm when this stops half-way, is
 * repeated, or is done by two at once: all write the same bytes at the same place, and tell the same digest.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import {
  type CastEvent,
  castReader,
  eventLine,
  headerLine,
  isComment,
  parseEvent,
  parseHeader,
} from '../../domain/cast.ts';
import { chainAfter, chainLine, chainReader } from '../../domain/cast-chain.ts';
import type { RecordingDigest, RecordingOf } from '../../ports/recordings.ts';
import { writeAll } from './cast-file.ts';
import { type Log, subjectOf } from './log-subject.ts';
import { type Place, syncDir } from './places.ts';

/** More than a writer ever leaves without a chain line; what a stranger's tail holds beyond is dropped. */
const tailMax = 16 * 1024 * 1024;
const pieceBytes = 64 * 1024;
const cutOff = 'cut off: the recorder died';

export function headerOf({ size, startedAt, title }: RecordingOf): string {
  return headerLine({ ...size, timestamp: Math.floor(startedAt / 1_000), title });
}

export async function closeOrphan(place: Place, of: RecordingOf, log: Log): Promise<RecordingDigest> {
  const handle = await open(place.cast, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    const chained = chainReader();
    for await (const piece of piecesOf(handle, 0)) chained.read(piece);
    if (chained.verdict().kind === 'altered')
      log.error(
        { ...subjectOf(of), verdict: chained.verdict() },
        'a recording that was left open was altered',
      );
    const { end, chain } = chained.last();
    const tail = wholeLines(await readTail(handle, end), end === 0);
    // A crash may have come before the header.
    const kept = end === 0 && tail.length === 0 ? Buffer.from(headerOf(of)) : tail;

    const hash = createHash('sha256');
    const story = castReader();
    const decoder = new TextDecoder();
    let last: CastEvent | undefined;
    const take = (bytes: Uint8Array): void => {
      hash.update(bytes);
      last = story.read(decoder.decode(bytes, { stream: true })).at(-1) ?? last;
    };
    for await (const piece of piecesOf(handle, 0, end)) take(piece);
    take(kept);

    // Only a writer that ends a recording makes such events. They are the last.
    const isClosed = last?.code === 'm' || last?.code === 'x';
    const marker = Buffer.from(isClosed ? '' : eventLine(0, 'm', cutOff));
    const unchained = kept.length + marker.length > 0;
    const line = Buffer.from(unchained ? chainLine(chainAfter(chain, [kept, marker])) : '');
    const rest = Buffer.concat([kept, marker, line]);
    await handle.truncate(end + tail.length);
    await writeAll(handle, rest, end);
    await handle.sync();
    await syncDir(place.dir);
    hash.update(marker).update(line);
    return {
      seconds: Math.ceil((last?.atMs ?? 0) / 1_000),
      bytes: end + rest.length,
      sha256: hash.digest('hex'),
    };
  } finally {
    await handle.close();
  }
}

/** As far as every line is whole and means something: a machine that lost power may leave anything behind. */
function wholeLines(tail: Buffer, isStart: boolean): Buffer {
  let end = 0;
  for (let at = tail.indexOf('\n'); at >= 0; at = tail.indexOf('\n', end)) {
    const line = tail.toString('utf8', end, at);
    const reads =
      isStart && end === 0
        ? parseHeader(line) !== undefined
        : isComment(line) || parseEvent(line) !== undefined;
    if (!reads) break;
    end = at + 1;
  }
  return tail.subarray(0, end);
}

async function readTail(handle: FileHandle, from: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of piecesOf(handle, from, from + tailMax)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** Each piece is good until the next is asked for. */
async function* piecesOf(
  handle: FileHandle,
  from: number,
  to = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.alloc(pieceBytes);
  for (let at = from; at < to; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, to - at), at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}
