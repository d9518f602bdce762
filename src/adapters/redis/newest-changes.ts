/**
 * The newest change that the trail tells of each access, as far as it was read. Accesses that are over are remembered
 * too, the newest of them: of the others nothing is known, which is what a record must not claim to be newer than.
 */
import type { Entry } from '../../domain/audit.ts';
import { tellsChange, tellsOver } from '../../domain/changes.ts';
import { type AccessId, isAccessId } from '../../domain/ids.ts';
import { isBefore } from './trail.ts';

/** `id` is the entry's place in the stream. */
export type Newest = { readonly id: string; readonly action: string };

export type NewestChanges = {
  /** Takes in a verified entry. In any order, and twice is once. */
  take(id: string, entry: Entry): void;
  of(access: AccessId): Newest | undefined;
  /** Those that are not over. */
  unfinished(): readonly AccessId[];
};

const overMax = 10_000;

export function newestChanges(): NewestChanges {
  const open = new Map<AccessId, Newest>();
  const over = new Map<AccessId, Newest>();
  const of = (access: AccessId): Newest | undefined => open.get(access) ?? over.get(access);
  return {
    of,
    unfinished: () => [...open.keys()],
    take: (id, { access, action }) => {
      if (access === undefined || !isAccessId(access) || !tellsChange(action)) return;
      const known = of(access);
      if (known !== undefined && !isBefore(known.id, id)) return;
      open.delete(access);
      over.delete(access);
      (tellsOver(action) ? over : open).set(access, { id, action });
      if (over.size <= overMax) return;
      for (const oldest of over.keys()) {
        over.delete(oldest);
        break;
      }
    },
  };
}
