/**
 * What is to be uploaded stands beside the recording, so that it survives a restart: `<session>.upload` with the digest
 * that the recording ended with, renamed to `<session>.uploaded` once the bucket holds it.
 */
import { open, readFile, rename, rm } from 'node:fs/promises';
import { z } from 'zod';
import { type Place, syncDir } from './places.ts';

const noteShape = z.object({ bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) });
export type UploadNote = z.infer<typeof noteShape>;

export async function writeNote(place: Place, { bytes, sha256 }: UploadNote): Promise<void> {
  const draft = `${place.upload}.${process.pid}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify({ bytes, sha256 }));
    await file.sync();
    await rename(draft, place.upload);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await syncDir(place.dir);
}

/** Of what is to be uploaded; undefined where there is nothing or it cannot be read. */
export function readNote(place: Place): Promise<UploadNote | undefined> {
  return read(place.upload);
}

/** Of what was uploaded. */
export function readDone(place: Place): Promise<UploadNote | undefined> {
  return read(place.uploaded);
}

export async function markDone(place: Place): Promise<void> {
  await rename(place.upload, place.uploaded);
  await syncDir(place.dir);
}

async function read(path: string): Promise<UploadNote | undefined> {
  try {
    return noteShape.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}
