/** How often somebody may try what each time leaves an entry in the trail: so that nobody buries it. */
import type { Clock } from '../ports/clock.ts';

const minuteMs = 60_000;

/** `over-first`: the first one too many of its minute, which is still worth an entry. */
export type Pace = (key: string) => 'fine' | 'over-first' | 'over';

/** At most `perMinute` by one key, counted from its first in a minute. */
export function makePace(clock: Pick<Clock, 'now'>, perMinute: number): Pace {
  const minutes = new Map<string, { readonly since: number; count: number }>();
  return (key) => {
    const now = clock.now();
    for (const [each, { since }] of minutes) if (now - since >= minuteMs) minutes.delete(each);
    const minute = minutes.get(key) ?? { since: now, count: 0 };
    minutes.set(key, minute);
    minute.count += 1;
    if (minute.count <= perMinute) return 'fine';
    return minute.count === perMinute + 1 ? 'over-first' : 'over';
  };
}
