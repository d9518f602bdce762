/** Where a recording's files stand. Only well-formed ids become part of a path. */
import { mkdir, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type AccessId, isAccessId, isSessionId, type SessionId } from '../../domain/ids.ts';

export type Place = {
  readonly access: AccessId;
  readonly session: SessionId;
  readonly dir: string;
  /** The recording. */
  readonly cast: string;
  /** Who writes it, until its end is in the trail. */
  readonly open: string;
  /** What is to be uploaded, and what was. */
  readonly upload: string;
  readonly uploaded: string;
};

/** Undefined for what is no id, whatever its type says: ids also come out of links. */
export function placeOf(dataDir: string, access: AccessId, session: SessionId): Place | undefined {
  if (!isAccessId(access) || !isSessionId(session)) return undefined;
  const dir = join(dataDir, 'recordings', access);
  const file = (ending: string): string => join(dir, `${session}.${ending}`);
  return {
    access,
    session,
    dir,
    cast: file('cast'),
    open: file('open'),
    upload: file('upload'),
    uploaded: file('uploaded'),
  };
}

/** The places that have a file with this ending. */
export async function placesWith(dataDir: string, ending: 'open' | 'upload'): Promise<readonly Place[]> {
  const found: Place[] = [];
  for (const access of await list(join(dataDir, 'recordings'))) {
    if (!isAccessId(access)) continue;
    for (const name of await list(join(dataDir, 'recordings', access))) {
      const session = name.endsWith(`.${ending}`) ? name.slice(0, -ending.length - 1) : '';
      const place = isSessionId(session) ? placeOf(dataDir, access, session) : undefined;
      if (place !== undefined) found.push(place);
    }
  }
  return found;
}

/** Makes the directory of an access, and makes it last. */
export async function makeDir(dataDir: string, place: Place): Promise<void> {
  await mkdir(place.dir, { recursive: true, mode: 0o700 });
  // Also where it was there: whoever made it may not have come to this.
  await syncDir(dirname(place.dir));
  await syncDir(dataDir);
}

/** Names in a directory last only once the directory was synced. */
export async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function list(dir: string): Promise<readonly string[]> {
  try {
    return (await readdir(dir)).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return [];
    throw error;
  }
}
