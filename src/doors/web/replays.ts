/**
 * Replays of recordings. The page is shown, and what it needs handed out, only after the trail says who looks: the page
 * carries a ticket for its own requests, so that a recording cannot be fetched past the record.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Access } from '../../domain/access.ts';
import type { CastEvent } from '../../domain/cast.ts';
import { commandFinder } from '../../domain/cast-commands.ts';
import { pauseCutter } from '../../domain/cast-pauses.ts';
import { lineFinder } from '../../domain/cast-search.ts';
import { isoTime } from '../../domain/duration.ts';
import type { SessionId } from '../../domain/ids.ts';
import type { Person } from '../../domain/people.ts';
import type { Attempts } from '../../flow/attempts.ts';
import type { Flow } from '../../flow/deps.ts';
import { type Answer, securityHeaders } from './answers.ts';
import { replayPage } from './pages/session-pages.ts';
import type { Outcome, Reading } from './reading.ts';
import { refused } from './say.ts';

export type ReplaysDeps = {
  readonly flow: Pick<Flow, 'ledger' | 'recordings' | 'clock'>;
  readonly key: KeyObject;
  readonly attempts: Attempts;
  readonly reading: Reading;
};

/** What somebody who may see the access asks of one of its recordings. */
export type ReplayAsk = {
  readonly access: Access;
  readonly person: Person;
  readonly session: SessionId;
  /** None for the page, `cast` for the recording itself, `find` for a search in it. */
  readonly detail: string | undefined;
  readonly url: URL;
  readonly response: ServerResponse;
};

/** Milliseconds for which an opened page may fetch the recording and search in it. */
const ticketMs = 3_600_000;

/** `sent` where the response was written, or nobody is left to read it; undefined where there is no such recording, or the ticket is not good. */
export async function replayAnswer(deps: ReplaysDeps, ask: ReplayAsk): Promise<Answer | 'sent' | undefined> {
  const { access, session, detail, url, response } = ask;
  if (detail === undefined) return showPage(deps, ask);
  if (!isGood(deps, ask, url.searchParams.get('ticket') ?? '')) return undefined;
  if (detail === 'find') {
    const finder = lineFinder(url.searchParams.get('text') ?? '');
    const pauses = pauseCutter();
    const outcome = await readFor(deps, ask, both(pauses.read, finder.read));
    if (outcome !== 'whole') return unread(outcome);
    return {
      status: 200,
      json: finder.found().map((hit) => ({ ...hit, playedMs: pauses.played(hit.atMs) })),
    };
  }
  const cast = detail === 'cast' ? await deps.flow.recordings.read(access.request.id, session) : undefined;
  if (cast === undefined) return undefined;
  response.writeHead(200, { ...securityHeaders(), 'content-type': 'application/x-asciicast' });
  // A reader that goes away is no trouble of ours.
  await pipeline(cast, response).catch(() => {});
  return 'sent';
}

async function showPage(deps: ReplaysDeps, ask: ReplayAsk): Promise<Answer | 'sent' | undefined> {
  const { access, person, session } = ask;
  const tooMany = await deps.attempts.bar({ access: access.request.id, person }, 'replay');
  if (tooMany !== undefined) return refused(tooMany.refused, { person, access });
  const finder = commandFinder();
  const pauses = pauseCutter();
  const outcome = await readFor(deps, ask, both(pauses.read, finder.read));
  if (outcome !== 'whole') return unread(outcome);
  const { ledger, clock } = deps.flow;
  await ledger.append([
    {
      at: isoTime(clock.now()),
      action: 'session.viewed',
      access: access.request.id,
      actor: { kind: 'person', ...person },
      target: access.request.target,
      details: { session, live: false },
    },
  ]);
  const ticket = ticketFor(deps, ask, clock.now() + ticketMs);
  const html = replayPage({
    access,
    person,
    session,
    ticket,
    commands: finder.commands().map((command) => ({ ...command, playedMs: pauses.played(command.atMs) })),
    ran: finder.count(),
  });
  return { status: 200, page: { kind: 'replay', html } };
}

type Read = (event: CastEvent) => void;

function both(one: Read, other: Read): Read {
  return (event) => {
    one(event);
    other(event);
  };
}

function readFor(
  { reading }: ReplaysDeps,
  { access, session, person, response }: ReplayAsk,
  read: Read,
): Promise<Outcome> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  if (response.closed) gone.abort();
  return reading({ access: access.request.id, session, person, gone: gone.signal }, read);
}

function unread(outcome: Exclude<Outcome, 'whole'>): Answer | 'sent' | undefined {
  switch (outcome) {
    case 'absent':
      return undefined;
    case 'gone':
      return 'sent';
    case 'busy':
      return refused({ code: 'replays-under-way' });
  }
}

/** `<end>.<mac>`, good for one person and one recording. */
function ticketFor({ key }: ReplaysDeps, { person, session }: ReplayAsk, until: number): string {
  const mac = createHmac('sha256', key).update(`replay ${session} ${person.id} ${until}`).digest('hex');
  return `${until}.${mac}`;
}

function isGood(deps: ReplaysDeps, ask: ReplayAsk, ticket: string): boolean {
  const until = Number(ticket.split('.')[0]);
  if (!(until > deps.flow.clock.now())) return false;
  const [given, expected] = [ticket, ticketFor(deps, ask, until)].map((text) => Buffer.from(text));
  return (
    given !== undefined &&
    expected !== undefined &&
    given.length === expected.length &&
    timingSafeEqual(given, expected)
  );
}
