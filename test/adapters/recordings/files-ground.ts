/** A data directory of its own for recordings in one test. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type FileRecordingsOptions,
  fileRecordings,
} from '../../../src/adapters/recordings/file-recordings.ts';
import type { Recording, RecordingOf } from '../../../src/ports/recordings.ts';
import type { RecordingGround } from '../../contract/recordings.ts';

export type FilesGround = RecordingGround & {
  readonly dir: string;
  /** What was logged, by message. */
  readonly logged: string[];
  readonly options: FileRecordingsOptions;
  path(of: RecordingOf, ending?: string): string;
};

export function filesGround(more: Partial<FileRecordingsOptions> = {}): FilesGround {
  const dir = mkdtempSync(join(tmpdir(), 'prod-access-'));
  const logged: string[] = [];
  const take = (_about: unknown, message: string): void => void logged.push(message);
  const options = { dir, log: { info: take, warn: take, error: take }, flushMs: 100, ...more } as const;
  const recordings = fileRecordings(options as FileRecordingsOptions);
  const begun: Recording[] = [];
  return {
    dir,
    logged,
    options: options as FileRecordingsOptions,
    recordings: {
      ...recordings,
      async begin(of) {
        const recording = await recordings.begin(of);
        begun.push(recording);
        return recording;
      },
    },
    path: ({ access, session }, ending = 'cast') => join(dir, 'recordings', access, `${session}.${ending}`),
    async crash() {
      killWriters(dir);
      return fileRecordings(options as FileRecordingsOptions);
    },
    async [Symbol.asyncDispose]() {
      for (const recording of begun) await recording.end();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Makes every note name a process that had our number before us: to whoever reads it, its writer is dead. */
export function killWriters(dir: string): void {
  for (const name of readdirSync(join(dir, 'recordings'), { recursive: true })) {
    const path = join(dir, 'recordings', String(name));
    if (!path.endsWith('.open')) continue;
    const note = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...note, writer: { ...note.writer, start: '1' } }));
  }
}
