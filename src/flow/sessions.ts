/** The sessions that are open in this process: found again by a reload, cut when their access ends. */
import type { AccessId, SessionId } from '../domain/ids.ts';
import type { Person } from '../domain/people.ts';
import { isRefused, type Refused } from '../domain/refusal.ts';
import type { TerminalSize } from '../ports/terminals.ts';
import { makeAttempts } from './attempts.ts';
import type { Attendance } from './attendance.ts';
import { keepSessionEnd } from './end-session.ts';
import { openSession, type SessionDeps } from './open-session.ts';
import type { Session } from './session.ts';

export type Sessions = {
  open(access: AccessId, person: Person, size: TerminalSize): Promise<Session | Refused>;
  find(access: AccessId, id: SessionId): Session | undefined;
  of(access: AccessId): readonly Session[];
  /**
   * Cuts all of them, those that are being opened too, and opens no more. Resolves once each is recorded; what cannot be
   * recorded within a few seconds is left to the next start.
   */
  close(why: string): Promise<void>;
};

const closeMs = 3_000;

/** `prepare` makes ready what a shell needs beside its sandbox. */
export function makeSessions(
  deps: SessionDeps,
  attendance: Attendance,
  prepare: (access: AccessId) => Promise<void>,
): Sessions {
  const { clock, log } = deps;
  const standing = new Map<SessionId, Session>();
  /** Counted before they stand, so that asking often at once opens no more than asking one by one. */
  const opening = new Map<AccessId, number>();
  /** What must be over before this process may go. */
  const underWay = new Set<Promise<unknown>>();
  const watched = new Set<AccessId>();
  const attempts = makeAttempts(deps);
  const giveUp = new AbortController();
  let closing: string | undefined;

  const of = (access: AccessId): readonly Session[] =>
    [...standing.values()].filter((session) => session.access === access);

  const track = async <T>(work: Promise<T>): Promise<T> => {
    underWay.add(work);
    try {
      return await work;
    } finally {
      underWay.delete(work);
    }
  };

  /** One for all sessions of an access, so that those that are over are not held until it ends. */
  const cutWithAccess = async (access: AccessId): Promise<void> => {
    if (watched.has(access)) return;
    watched.add(access);
    const why = await attendance.over(access).finally(() => watched.delete(access));
    for (const session of of(access)) session.cut(why, { again: false });
  };

  const finish = async (session: Session, person: Person): Promise<void> => {
    const { id, access, target } = session;
    const end = await session.ended.finally(() => standing.delete(id));
    const actor = { kind: 'person', ...person } as const;
    await keepSessionEnd(deps, { access, session: id, actor, target }, end, giveUp.signal);
  };

  const open = async (access: AccessId, person: Person, size: TerminalSize): Promise<Session | Refused> => {
    const tooMany = await attempts.bar({ access, person }, 'terminal');
    if (tooMany !== undefined) return tooMany;
    const pending = opening.get(access) ?? 0;
    opening.set(access, pending + 1);
    try {
      await prepare(access).catch((error: unknown) =>
        log.warn({ access, err: error }, 'a terminal is opened without a way out'),
      );
      const session = await openSession(deps, {
        access,
        person,
        size,
        open: of(access).length + pending,
        whyOver: () => attendance.now(access),
        giveUp: giveUp.signal,
      });
      if (isRefused(session)) return session;
      standing.set(session.id, session);
      void cutWithAccess(access);
      void track(finish(session, person)).catch((error: unknown) =>
        // Its recording stays open on disk: the next start puts the end on the record.
        log.error({ access, session: session.id, err: error }, 'a recording could not be closed'),
      );
      if (closing !== undefined) session.cut(closing);
      return session;
    } finally {
      const left = (opening.get(access) ?? 1) - 1;
      if (left === 0) opening.delete(access);
      else opening.set(access, left);
    }
  };

  return {
    of,
    find: (access, id) => {
      const session = standing.get(id);
      return session?.access === access ? session : undefined;
    },
    open: (access, person, size) => track(open(access, person, size)),
    close: async (why) => {
      closing = why;
      for (const session of standing.values()) session.cut(why);
      const late = new AbortController();
      const allOver = (async () => {
        while (underWay.size > 0) await Promise.allSettled(underWay);
      })();
      await Promise.race([allOver, clock.sleep(closeMs, late.signal).catch(() => {})]);
      late.abort();
      giveUp.abort();
    },
  };
}
