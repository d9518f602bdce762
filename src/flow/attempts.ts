/**
 * How often one person may do the same in one access, where each time leaves an entry: so that nobody buries the trail.
 * What is beyond is refused, and of it only the first in its minute is entered.
 */
import type { Details } from '../domain/audit.ts';
import type { Refused } from '../domain/refusal.ts';
import type { Flow } from './deps.ts';
import { type DoingInside, type Inside, refuseInside } from './own-active.ts';
import { makePace } from './pace.ts';

export type Attempts = {
  /** Counts one attempt. Undefined where it may go on; `details` are for the entry where it may not. */
  bar(inside: Inside, doing: DoingInside, details?: Details): Promise<Refused | undefined>;
};

const perMinute = 30;

export function makeAttempts(deps: Pick<Flow, 'ledger' | 'clock'>): Attempts {
  const pace = makePace(deps.clock, perMinute);
  return {
    bar: async (inside, doing, details) => {
      const pacing = pace(`${doing} ${inside.access} ${inside.person.id}`);
      if (pacing === 'fine') return undefined;
      const refused = { code: 'too-many-attempts', perMinute } as const;
      return pacing === 'over-first' ? refuseInside(deps, inside, doing, refused, details) : { refused };
    },
  };
}
