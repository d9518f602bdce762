/**
 * Runs one effect of one access if the ledger still calls for it. Jobs and the sweep both come in here; a lease per
 * access keeps them from doing the same work twice, while safety rests on each effect being safe to repeat.
 */
import type { AccessId } from '../domain/ids.ts';
import type { Effect } from '../domain/owed.ts';
import { step } from '../domain/step.ts';
import { advance } from './advance.ts';
import type { Flow } from './deps.ts';
import { notify } from './notify.ts';
import { provision } from './provision.ts';
import { takeAway } from './take-away.ts';

/** `busy`: somebody else is at it, and the caller should look again soon. */
export async function runEffect(deps: Flow, effect: Effect, id: AccessId): Promise<'done' | 'busy'> {
  const work = async (signal: AbortSignal): Promise<'done'> => {
    switch (effect) {
      case 'provision':
        await provision(deps, id, signal);
        return 'done';
      case 'revoke':
        await takeAway(deps, id, signal);
        return 'done';
      case 'lapse':
        await advance(deps, id, ({ access }) => step(access, { kind: 'lapse' }, deps.clock.now()));
        return 'done';
      case 'warn':
        await advance(deps, id, ({ access }) => step(access, { kind: 'warn' }, deps.clock.now()));
        return 'done';
      case 'notify':
        await notify(deps, id);
        return 'done';
      default:
        return effect satisfies never;
    }
  };
  // Words wait for words and deeds for deeds: a slow Slack must not hold up a revoke.
  const lease = effect === 'notify' ? `notify:${id}` : `access:${id}`;
  return (await deps.leases.during(lease, work)) ?? 'busy';
}

/** Pause before the next try: jittered, at most 5 s for the first two minutes, then at most 60 s. Milliseconds. */
export function pauseAfter(failingForMs: number, random: () => number): number {
  const most = failingForMs < 120_000 ? 5_000 : 60_000;
  const grown = Math.min(most, 250 + failingForMs / 2);
  return Math.round(grown / 2 + (random() * grown) / 2);
}
