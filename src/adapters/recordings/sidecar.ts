/**
 * The note beside an open recording: what it records and which process writes it. It is on disk before the recording
 * is, never changes, and goes once the recording's end is in the trail.
 *
 * A process is known by its number, the time of its start and the boot of the machine, so that a number given anew is
 * not taken for the writer. One data directory belongs to the processes of one pid namespace: a writer in another
 * container would look dead from here.
 */
import { readFileSync } from 'node:fs';
import { link, open, readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { type AccessId, isAccessId, isSessionId, type SessionId } from '../../domain/ids.ts';
import type { RecordingOf } from '../../ports/recordings.ts';
import { type Place, syncDir } from './places.ts';
import { codeOf } from './trouble.ts';

const writerShape = z.object({
  pid: z.int().min(1),
  /** Clock ticks from boot to its start; absent where the system does not tell. */
  start: z.string().optional(),
  boot: z.string().optional(),
});
type Writer = z.infer<typeof writerShape>;

const sidecarShape = z.object({
  of: z.object({
    access: z.custom<AccessId>((value) => typeof value === 'string' && isAccessId(value)),
    session: z.custom<SessionId>((value) => typeof value === 'string' && isSessionId(value)),
    startedAt: z.number(),
    size: z.object({ cols: z.number(), rows: z.number() }),
    title: z.string(),
  }),
  writer: writerShape,
});
export type Sidecar = z.infer<typeof sidecarShape>;

/** Fails with EEXIST where the session was begun before. */
export async function writeSidecar(place: Place, of: RecordingOf): Promise<void> {
  const { access, session, startedAt, size, title } = of;
  const sidecar: Sidecar = {
    of: { access, session, startedAt, size: { cols: size.cols, rows: size.rows }, title },
    writer: thisWriter(),
  };
  // Linked when it is whole: whoever finds it can read it, and only one can have begun the session.
  const draft = `${place.open}.${process.pid}.new`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(JSON.stringify(sidecar));
    await file.sync();
    await link(draft, place.open);
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
  await syncDir(place.dir);
}

/** Undefined where it cannot be read, or tells of another place. */
export async function readSidecar(place: Place): Promise<Sidecar | undefined> {
  try {
    const sidecar = sidecarShape.parse(JSON.parse(await readFile(place.open, 'utf8')));
    const { access, session } = sidecar.of;
    return access === place.access && session === place.session ? sidecar : undefined;
  } catch {
    return undefined;
  }
}

export async function removeSidecar(place: Place): Promise<void> {
  await rm(place.open, { force: true });
  await syncDir(place.dir).catch((error) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
}

export function isAlive({ pid, start, boot }: Writer): boolean {
  if (boot !== bootOfMachine()) return false;
  if (start !== undefined) return startOf(pid) === start;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function thisWriter(): Writer {
  const start = startOf(process.pid);
  const boot = bootOfMachine();
  return {
    pid: process.pid,
    ...(start === undefined ? {} : { start }),
    ...(boot === undefined ? {} : { boot }),
  };
}

function startOf(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  // The program's name, in brackets, may hold anything.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function bootOfMachine(): string | undefined {
  return readText('/proc/sys/kernel/random/boot_id')?.trim();
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
