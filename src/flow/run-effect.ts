/**
 * Runs one effect of one access if the ledger still calls for it. Jobs and the sweep both come in here; a lease per
 * access spares them doing the same work twice, while safety rests on each effect being safe to repeat.
 */
import type { AccessId } from '../domain/ids.ts';
import type { Effect } from '../domain/owed.ts';
import { step } from '../domain/step.ts';
import { advance } from './advance.ts';
import type { Flow } from './deps.ts';
import { inTurn } from './in-turn.ts';
import { notify } from './notify.ts';
import { giveUpLate, provision } from './provision.ts';
import { takeAway } from './take-away.ts';

/** Taking away waits so long for somebody else who is at it, and then is done by both. */
const patienceMs = 10_000;
/** Opening waits for AWS and words wait for Slack, longer than they should only rarely. */
const longPatienceMs = 60_000;

/** `busy`: somebody else is at it, and the caller should look again soon. */
export async function runEffect(deps: Flow, effect: Effect, id: AccessId): Promise<'done' | 'busy'> {
  switch (effect) {
    case 'revoke':
      return inLane(deps, `access:${id}`, id, 'go on', (signal) => takeAway(deps, id, signal));
    case 'provision': {
      const outcome = await inLane(deps, `access:${id}`, id, 'wait on', (signal) =>
        provision(deps, id, signal),
      );
      // Nobody may keep an access from being given up.
      if (outcome === 'busy') await giveUpLate(deps, id);
      return outcome;
    }
    // Words wait for words and deeds for deeds: a slow Slack must not hold up a revoke.
    case 'notify':
      return inLane(deps, `notify:${id}`, id, 'wait on', () => notify(deps, id));
    // One commit each, and the ledger takes one of two.
    case 'lapse':
      await advance(deps, id, ({ access }) => step(access, { kind: 'lapse' }, deps.clock.now()));
      return 'done';
    case 'warn':
      await advance(deps, id, ({ access }) => step(access, { kind: 'warn' }, deps.clock.now()));
      return 'done';
    default:
      return effect satisfies never;
  }
}

async function inLane(
  deps: Flow,
  lease: string,
  access: AccessId,
  then: 'go on' | 'wait on',
  work: (signal: AbortSignal) => Promise<void>,
): Promise<'done' | 'busy'> {
  const turn = { lease, access, patienceMs: then === 'go on' ? patienceMs : longPatienceMs, then };
  return (await inTurn(deps, turn, work)) === 'busy' ? 'busy' : 'done';
}

/** Pause before the next try: jittered, at most 5 s for the first two minutes, then at most 60 s. Milliseconds. */
export function pauseAfter(failingForMs: number, random: () => number): number {
  const most = failingForMs < 120_000 ? 5_000 : 60_000;
  const grown = Math.min(most, 250 + failingForMs / 2);
  return Math.round(grown / 2 + (random() * grown) / 2);
}
