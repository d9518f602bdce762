/** When people last signed out, in memory, by a clock that a test may hold. */
import type { Clock } from '../../src/ports/clock.ts';
import { type SignOuts, SignOutsFault } from '../../src/ports/sign-outs.ts';

export type MemorySignOuts = SignOuts & {
  /** Nothing can be marked or told. */
  away: boolean;
};

export function memorySignOuts(clock: Pick<Clock, 'now'>): MemorySignOuts {
  const marks = new Map<string, { readonly at: number; readonly goneAt: number }>();
  const kept = (person: string): { readonly at: number; readonly goneAt: number } | undefined => {
    if (signOuts.away) throw new SignOutsFault('unavailable', 'it is away');
    const mark = marks.get(person);
    return mark !== undefined && mark.goneAt > clock.now() ? mark : undefined;
  };
  const signOuts: MemorySignOuts = {
    away: false,
    mark: async (person, at, keepMs) => {
      const before = kept(person);
      marks.set(person, {
        at: Math.max(at, before?.at ?? at),
        goneAt: Math.max(clock.now() + keepMs, before?.goneAt ?? 0),
      });
    },
    last: async (person) => kept(person)?.at,
  };
  return signOuts;
}
