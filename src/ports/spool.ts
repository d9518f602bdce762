/**
 * A place on the host for what must be whole before it is handed on.
 *
 * - What is kept lies on disk, has no name there, and is gone once it is disposed of or its process has died.
 * - `keep` fails with what the stream fails with, or with `SpoolFault`; nothing is kept then.
 */
import type { Readable } from 'node:stream';

export type Kept = AsyncDisposable & {
  readonly bytes: number;
  /** Hex SHA-256 of all of it. */
  readonly sha256: string;
  /** All of it, from its start. */
  read(): Readable;
};

export interface Spool {
  /** Takes in the whole stream. How much that can be is for whoever made the stream to bound. */
  keep(stream: Readable): Promise<Kept>;
}

/** The host could not keep it. */
export class SpoolFault extends Error {
  override readonly name = 'SpoolFault';
  readonly code = 'unavailable';
  readonly retryable = true;
}
