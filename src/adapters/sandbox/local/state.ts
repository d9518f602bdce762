/**
 * What is on disk about one sandbox, so that any later process can find, probe and end it. `state.json` stands before
 * anything is started; every file is replaced as a whole.
 *
 * Nothing is forced to the disk: only a crash of the host could tell, and that ends every sandbox. What it leaves of
 * these files at worst reads as lost and long passed, and is closed as such.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type AccessId, isAccessId } from '../../../domain/ids.ts';
import { type House, type Place, placeOf, sandboxesDir } from './machine.ts';

const stateShape = z.object({
  labels: z.object({
    install: z.string(),
    access: z.custom<AccessId>((value) => typeof value === 'string' && isAccessId(value)),
    requester: z.string(),
    target: z.string(),
  }),
  limits: z.object({
    memoryBytes: z.number(),
    cpus: z.number(),
    processes: z.number(),
    diskBytes: z.number(),
  }),
  /** Names of its environment, beside the driver's own. */
  environment: z.array(z.string()),
  limitsHeldBy: z.enum(['cgroup-v2', 'cgroup-v1', 'prlimit']),
  uid: z.number(),
  gid: z.number(),
  /** Number in the pool of user ids, where it has one. */
  slot: z.number().optional(),
  /** Random mark of this opening, so that an old supervisor leaves a new sandbox of the same access alone. */
  life: z.string(),
  supervisor: z.number().optional(),
  /** `open` only after the probe from inside found the fence. */
  phase: z.enum(['opening', 'open']),
  /** How many checks that probe made. */
  checks: z.number(),
});

export type State = z.infer<typeof stateShape>;

/** The state, or undefined where there is none or it cannot be read. */
export function readState(place: Place): State | undefined {
  try {
    return stateShape.parse(JSON.parse(readFileSync(join(place.dir, 'state.json'), 'utf8')));
  } catch {
    return undefined;
  }
}

export function writeState(place: Place, state: State): void {
  replace(place, 'state.json', JSON.stringify(state));
}

/** Epoch milliseconds; 0, long passed, where it cannot be read: as the supervisor has it. */
export function readDeadline(place: Place): number {
  try {
    const text = readFileSync(join(place.dir, 'deadline'), 'utf8');
    return /^[0-9]{1,15}\n/.test(text) ? Number.parseInt(text, 10) : 0;
  } catch {
    return 0;
  }
}

export function writeDeadline(place: Place, deadline: number): void {
  replace(place, 'deadline', `${Math.max(0, Math.floor(deadline))}\n`);
}

/** Accesses that have a state directory, whole or half made. */
export function statedAccesses(house: House): readonly AccessId[] {
  try {
    return readdirSync(sandboxesDir(house)).filter(isAccessId);
  } catch {
    return [];
  }
}

/** Makes the directories that all sandboxes share. */
export function makeHouse(house: House): void {
  for (const dir of ['locks', 'slots', 'ended'])
    mkdirSync(join(sandboxesDir(house), dir), { recursive: true, mode: 0o700 });
}

/** Why the supervisor ended the access's last sandbox; undefined where it stands or was closed. */
export function readEnding(house: House, access: AccessId): string | undefined {
  try {
    return readFileSync(placeOf(house, access).ended, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function replace(place: Place, name: string, text: string): void {
  const temporary = join(place.dir, `.${name}.${process.pid}.${performance.now()}`);
  writeFileSync(temporary, text, { flag: 'wx', mode: 0o600 });
  renameSync(temporary, join(place.dir, name));
}

/** A file whose loss costs nothing. */
export function writeLoose(place: Place, name: string, content: string | Uint8Array): void {
  writeFileSync(join(place.dir, name), content, { mode: 0o600 });
}
