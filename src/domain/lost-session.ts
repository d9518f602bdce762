/** What became of a session that its page looks for and that stands no more, as the trail of its access tells it. */
import type { Entry } from './audit.ts';
import type { SessionId } from './ids.ts';

/** Why a session ended that nobody was left to end. */
export const processDied = 'the process that recorded it died';

export type LostSession = {
  /** Why it ended; undefined where that is not on record yet. */
  readonly why: string | undefined;
  /** Whether the sandbox still is the one that it ran in. */
  readonly sameSandbox: boolean;
};

/** Undefined where the access had no such session. */
export function lostSession(entries: readonly Entry[], session: SessionId): LostSession | undefined {
  const of = entries.filter(({ details }) => details.session === session);
  const started = of.find(({ action }) => action === 'session.started');
  if (started === undefined) return undefined;
  const why = of.find(({ action }) => action === 'session.ended')?.details.why;
  return {
    why: why === undefined ? undefined : String(why),
    sameSandbox: !entries.some(
      ({ seq, action, details }) =>
        seq > started.seq && action === 'sweep.repaired' && details.what === 'sandbox',
    ),
  };
}
