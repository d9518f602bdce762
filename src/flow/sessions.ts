/** The sessions that are open in this process: found again by a reload, cut when their access ends. */
import type { AccessId, SessionId } from '../domain/ids.ts';
import type { Person } from '../domain/people.ts';
import { isRefused, type Refused } from '../domain/refusal.ts';
import type { TerminalSize } from '../ports/terminals.ts';
import type { Attendance } from './attendance.ts';
import { recordSessionEnd } from './end-session.ts';
import { openSession, type SessionDeps } from './open-session.ts';
import type { Session } from './session.ts';

export type Sessions = {
  open(access: AccessId, person: Person, size: TerminalSize): Promise<Session | Refused>;
  find(access: AccessId, id: SessionId): Session | undefined;
  of(access: AccessId): readonly Session[];
  /** Cuts all of them, and resolves once each is recorded. */
  close(why: string): Promise<void>;
};

/** `prepare` makes ready what a shell needs beside its sandbox. */
export function makeSessions(
  deps: SessionDeps,
  attendance: Attendance,
  prepare: (access: AccessId) => Promise<void>,
): Sessions {
  const standing = new Map<SessionId, { readonly session: Session; readonly done: Promise<void> }>();
  /** Counted before they stand, so that asking often at once opens no more than asking one by one. */
  const opening = new Map<AccessId, number>();
  const of = (access: AccessId): readonly Session[] =>
    [...standing.values()].map(({ session }) => session).filter((session) => session.access === access);

  const finish = async (session: Session, person: Person): Promise<void> => {
    const { id, access } = session;
    const end = await session.ended;
    standing.delete(id);
    const actor = { kind: 'person', ...person } as const;
    await recordSessionEnd(deps, { access, session: id, actor }, end);
  };

  return {
    of,
    find: (access, id) => {
      const session = standing.get(id)?.session;
      return session?.access === access ? session : undefined;
    },
    open: async (access, person, size) => {
      const pending = opening.get(access) ?? 0;
      opening.set(access, pending + 1);
      try {
        await prepare(access).catch((error: unknown) =>
          deps.log.warn({ access, err: error }, 'a terminal is opened without a way out'),
        );
        const session = await openSession(deps, {
          access,
          person,
          size,
          open: of(access).length + pending,
          whyEnded: async () => (await attendance.now(access)) ?? 'the shell ended',
        });
        if (isRefused(session)) return session;
        void attendance.over(access).then((why) => session.cut(why));
        const done = finish(session, person).catch((error: unknown) =>
          // Its recording stays open on disk: the next start puts the end on the record.
          deps.log.error(
            { access, session: session.id, err: error },
            'the end of a session was not recorded',
          ),
        );
        standing.set(session.id, { session, done });
        return session;
      } finally {
        const left = (opening.get(access) ?? 1) - 1;
        if (left === 0) opening.delete(access);
        else opening.set(access, left);
      }
    },
    close: async (why) => {
      const all = [...standing.values()];
      for (const { session } of all) session.cut(why);
      await Promise.all(all.map(({ done }) => done));
    },
  };
}
