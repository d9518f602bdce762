/**
 * Recordings of sessions: asciicast v3, one file each, written by the host and never by the sandbox.
 *
 * - `begin` returns only after the file and its header are on disk: no shell is started before.
 * - What was handed over reaches the disk within a second. A file that a dead process left behind is a valid
 *   recording up to its last whole line.
 * - A recording that cannot be written any more says so once through `broken`, and takes nothing further.
 * - What cannot be done throws `RecordingFault`, whose message names no path.
 * - Nothing is ever deleted here. An upload that failed is tried again, and the file stays.
 */
import type { Readable } from 'node:stream';
import type { AccessId, SessionId } from '../domain/ids.ts';
import type { TerminalSize } from './terminals.ts';

export type RecordingOf = {
  readonly access: AccessId;
  readonly session: SessionId;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly size: TerminalSize;
  readonly title: string;
};

/** What `session.ended` says of the file. */
export type RecordingDigest = {
  /** Length in whole seconds, rounded up. */
  readonly seconds: number;
  /** Size of the file. */
  readonly bytes: number;
  /** Hex SHA-256 of the whole file. */
  readonly sha256: string;
};

export type Recording = {
  /** Bytes that the terminal showed. Resolves at once, or when enough was written that more may come. */
  output(bytes: Uint8Array): Promise<void>;
  /** Bytes that the person typed, where the policy has them recorded. */
  input(bytes: Uint8Array): Promise<void>;
  resize(size: TerminalSize): void;
  /**
   * Closes and digests the file, also of a recording that broke: with the reason in it where that could still be
   * written. `status` is the shell's exit code, where it is known. Never rejects; a second call gives the first's digest.
   */
  end(status?: number): Promise<RecordingDigest>;
  /** Resolves with the reason when the recording cannot be written. */
  readonly broken: Promise<string>;
};

/** A recording whose writer is dead, closed as it was found. */
export type Orphan = { readonly of: RecordingOf; readonly digest: RecordingDigest };

export interface Recordings {
  /** A session is begun once, ever. */
  begin(of: RecordingOf): Promise<Recording>;
  /**
   * Closes and digests what dead processes of this host left open. An orphan comes again until it is `settled`, the
   * same each time; two who ask at once are both told of it. One that had ended before its writer died is as it ended.
   */
  orphans(): Promise<readonly Orphan[]>;
  /** The trail holds the recording's end. */
  settled(access: AccessId, session: SessionId): Promise<void>;
  /** The whole file as it stands at this moment; undefined where there is none, and for what is no id. */
  read(access: AccessId, session: SessionId): Promise<Readable | undefined>;
}

export class RecordingFault extends Error {
  override readonly name = 'RecordingFault';
  readonly code = 'unavailable';
  readonly retryable = true;
}
