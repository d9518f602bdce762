/**
 * Goes through a whole recording for somebody who waits for what is found in it. It takes long, so other work is done
 * between its pieces, one person has one such reading under way at a time, and it stops once they have gone.
 */
import { addAbortSignal } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { type CastEvent, castReader } from '../../domain/cast.ts';
import type { AccessId, SessionId } from '../../domain/ids.ts';
import type { Person } from '../../domain/people.ts';
import type { Recordings } from '../../ports/recordings.ts';

export type Wanted = {
  readonly access: AccessId;
  readonly session: SessionId;
  readonly person: Person;
  /** Aborted once they have gone. */
  readonly gone: AbortSignal;
};

/** `busy`: too many of theirs wait already. */
export type Outcome = 'whole' | 'absent' | 'gone' | 'busy';

/** Calls `take` with the events in order. */
export type Reading = (wanted: Wanted, take: (event: CastEvent) => void) => Promise<Outcome>;

/** The one under way and those that wait for it: some tabs, and a search begun anew. */
const mostOfOnePerson = 5;

export function makeReading(recordings: Pick<Recordings, 'read'>): Reading {
  const lines = new Map<string, { length: number; last: Promise<unknown> }>();
  return async (wanted, take) => {
    const { id } = wanted.person;
    const line = lines.get(id) ?? { length: 0, last: Promise.resolve() };
    if (line.length >= mostOfOnePerson) return 'busy';
    lines.set(id, line);
    line.length += 1;
    const turn = line.last.then(() => readThrough(recordings, wanted, take));
    line.last = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      line.length -= 1;
      if (line.length === 0) lines.delete(id);
    }
  };
}

async function readThrough(
  recordings: Pick<Recordings, 'read'>,
  { access, session, gone }: Wanted,
  take: (event: CastEvent) => void,
): Promise<Outcome> {
  if (gone.aborted) return 'gone';
  const cast = await recordings.read(access, session);
  if (cast === undefined) return 'absent';
  const reader = castReader();
  cast.setEncoding('utf8');
  try {
    for await (const text of addAbortSignal(gone, cast)) {
      for (const event of reader.read(String(text))) take(event);
      await setImmediate();
    }
    return 'whole';
  } catch (error) {
    if (gone.aborted) return 'gone';
    throw error;
  }
}
