/** Puts the end of a session on the record, and closes what a dead process left open. */
import { type Actor, bot } from '../domain/audit.ts';
import { isoTime } from '../domain/duration.ts';
import type { AccessId, SessionId } from '../domain/ids.ts';
import { processDied } from '../domain/lost-session.ts';
import { isRefused } from '../domain/refusal.ts';
import { cleanText } from '../domain/request.ts';
import { load } from './advance.ts';
import type { Flow } from './deps.ts';
import type { SessionEnd } from './session.ts';

type Deps = Pick<Flow, 'ledger' | 'recordings' | 'clock' | 'log'>;

export type EndedSession = {
  readonly access: AccessId;
  readonly session: SessionId;
  readonly actor: Actor;
  readonly target?: string;
};

/** The recording stays open for {@link endOrphans} until the trail holds its end. */
export async function recordSessionEnd(
  { ledger, recordings, clock }: Pick<Deps, 'ledger' | 'recordings' | 'clock'>,
  { access, session, actor, target }: EndedSession,
  { why, digest }: SessionEnd,
): Promise<void> {
  await ledger.append([
    {
      at: isoTime(clock.now()),
      action: 'session.ended',
      access,
      actor,
      ...(target === undefined ? {} : { target }),
      details: { session, why: cleanText(why, 300), ...digest },
    },
  ]);
  await recordings.settled(access, session);
}

const againAfterMs = 2_000;

/**
 * The same, tried again until it is on the record, for the process that recorded it is not dead: nobody else will do it.
 * Given up with the signal; then the next start does it. Never rejects.
 */
export async function keepSessionEnd(
  deps: Deps,
  ended: EndedSession,
  end: SessionEnd,
  giveUp: AbortSignal,
): Promise<void> {
  const { access, session } = ended;
  for (let attempt = 0; ; attempt += 1) {
    try {
      // An attempt of which nobody knows may have succeeded.
      if (attempt > 0 && (await isTold(deps, access, session)))
        await deps.recordings.settled(access, session);
      else await recordSessionEnd(deps, ended, end);
      return;
    } catch (error) {
      deps.log.error(
        { access, session, err: error },
        'the end of a session is not on the record; trying again',
      );
      if (giveUp.aborted) return;
      await deps.clock.sleep(againAfterMs, giveUp).catch(() => {});
    }
  }
}

/** Sessions whose process died: their recordings are closed as they were found, and their ends put on the record. */
export async function endOrphans(deps: Deps): Promise<void> {
  for (const { of, digest } of await deps.recordings.orphans()) {
    const { access, session } = of;
    if (await isTold(deps, access, session)) await deps.recordings.settled(access, session);
    else
      await recordSessionEnd(
        deps,
        { access, session, actor: bot, ...(await targetOf(deps, access)) },
        { why: processDied, digest },
      );
  }
}

async function isTold(deps: Deps, access: AccessId, session: SessionId): Promise<boolean> {
  const stored = await load(deps, access);
  const evidence = isRefused(stored) ? undefined : await deps.ledger.evidence(stored);
  return (
    evidence !== undefined &&
    'entries' in evidence &&
    evidence.entries.some(({ action, details }) => action === 'session.ended' && details.session === session)
  );
}

async function targetOf(deps: Deps, access: AccessId): Promise<{ readonly target?: string }> {
  const stored = await load(deps, access);
  return isRefused(stored) ? {} : { target: stored.access.request.target };
}
