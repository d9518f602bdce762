/**
 * Puts on the record that somebody who signed in asked for what is not theirs. Once a minute for one person, access and
 * act: a page that is loaded again and again, or hammered, must not bury the trail. What is left out stands in the log.
 */
import type { Logger } from 'pino';
import type { Flow } from '../../flow/deps.ts';
import { refuseAtDoor, type TurnedAway } from '../../flow/refuse-at-door.ts';

export type TurnAwayDeps = {
  readonly flow: Pick<Flow, 'ledger' | 'clock'>;
  readonly log: Pick<Logger, 'warn'>;
};

const onceInMs = 60_000;
/** Remembered at most; beyond, the oldest are forgotten and would be recorded again. */
const rememberedMax = 10_000;

/** When what was recorded last, oldest first, per ledger. */
const recorded = new WeakMap<object, Map<string, number>>();

export async function turnAway(
  { flow, log }: TurnAwayDeps,
  away: TurnedAway & { readonly access: string },
): Promise<void> {
  const { person, doing, refusal, access } = away;
  log.warn({ access, person: person.id, doing, code: refusal.code }, 'somebody was turned away at the web');
  const known = recorded.get(flow.ledger) ?? new Map<string, number>();
  recorded.set(flow.ledger, known);
  const key = `${person.id} ${access} ${doing} ${refusal.code}`;
  const now = flow.clock.now();
  if (now - (known.get(key) ?? Number.NEGATIVE_INFINITY) < onceInMs) return;
  known.delete(key);
  known.set(key, now);
  const [oldest] = known.keys();
  if (known.size > rememberedMax && oldest !== undefined) known.delete(oldest);
  try {
    await refuseAtDoor(flow, away);
  } catch (error) {
    known.delete(key);
    throw error;
  }
}
