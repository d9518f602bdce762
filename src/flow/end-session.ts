/** Puts the end of a session on the record, and closes what a dead process left open. */
import { type Actor, bot } from '../domain/audit.ts';
import { isoTime } from '../domain/duration.ts';
import type { AccessId, SessionId } from '../domain/ids.ts';
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

/** Sessions whose process died: their recordings are closed as they were found, and their ends put on the record. */
export async function endOrphans(deps: Deps): Promise<void> {
  for (const { of, digest } of await deps.recordings.orphans()) {
    const { access, session } = of;
    const stored = await load(deps, access);
    const evidence = isRefused(stored) ? undefined : await deps.ledger.evidence(stored);
    const known =
      evidence !== undefined &&
      'entries' in evidence &&
      evidence.entries.some(
        ({ action, details }) => action === 'session.ended' && details.session === session,
      );
    if (known) await deps.recordings.settled(access, session);
    else
      await recordSessionEnd(
        deps,
        { access, session, actor: bot },
        { why: 'the process that recorded it died', digest },
      );
  }
}
