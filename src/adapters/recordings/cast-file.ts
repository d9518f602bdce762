/**
 * The file of one recording while it is written. It grows by whole lines, each append closed by a chain line; its digest
 * grows with it. What an append that failed left behind counts for nothing, and can be cut off.
 *
 * Calls come one at a time, but for `sync`.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { chainAfter, chainLine, chainStart } from '../../domain/cast-chain.ts';
import { RecordingFault } from '../../ports/recordings.ts';
import { syncDir } from './places.ts';

export type CastFile = {
  /** Of what was appended whole. */
  readonly bytes: number;
  append(lines: readonly Uint8Array[]): Promise<void>;
  /** What was appended before the call survives the machine after it. */
  sync(): Promise<void>;
  /** Cuts off what failed appends left. */
  cutBack(): Promise<void>;
  /** Hex SHA-256 of what was appended whole. */
  sha256(): string;
  /** Size and hex SHA-256 of what is there, read anew. */
  readBack(): Promise<{ readonly bytes: number; readonly sha256: string }>;
  close(): Promise<void>;
};

/** Makes the file, with its header and the first chain line, and makes it last. */
export async function createCastFile(dir: string, path: string, header: string): Promise<CastFile> {
  const handle = await open(path, 'wx+', 0o600);
  try {
    const file = await castFile(path, handle);
    await file.append([Buffer.from(header)]);
    await handle.sync();
    await syncDir(dir);
    return file;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function castFile(path: string, handle: FileHandle): Promise<CastFile> {
  const { ino, dev } = await handle.stat();
  let bytes = 0;
  const hash = createHash('sha256');
  let chain = chainStart;

  /** A file that was moved away or touched by others takes writes as before: it must be looked for. */
  async function mustStand(): Promise<void> {
    const found = await stat(path);
    if (found.ino !== ino || found.dev !== dev) throw new RecordingFault('the file was replaced');
    if (found.size !== bytes) throw new RecordingFault('somebody else changed the file');
  }

  return {
    get bytes() {
      return bytes;
    },
    async append(lines) {
      await mustStand();
      const next = chainAfter(chain, lines);
      const all = Buffer.concat([...lines, Buffer.from(chainLine(next))]);
      await writeAll(handle, all, bytes);
      bytes += all.length;
      hash.update(all);
      chain = next;
    },
    sync: () => handle.datasync(),
    async cutBack() {
      const { size } = await handle.stat();
      if (size > bytes) await handle.truncate(bytes);
    },
    sha256: () => hash.copy().digest('hex'),
    async readBack() {
      const again = createHash('sha256');
      let length = 0;
      const buffer = Buffer.alloc(64 * 1024);
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, length);
        if (bytesRead === 0) return { bytes: length, sha256: again.digest('hex') };
        again.update(buffer.subarray(0, bytesRead));
        length += bytesRead;
      }
    },
    close: () => handle.close(),
  };
}

export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}
