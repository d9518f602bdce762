/**
 * Replays of recordings. The page is shown, and what it needs handed out, only after the trail says who looks: the page
 * carries a ticket for its own requests, so that a recording cannot be fetched past the record.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Access } from '../../domain/access.ts';
import { type CastEvent, castReader } from '../../domain/cast.ts';
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
import { refused } from './say.ts';

export type ReplaysDeps = {
  readonly flow: Pick<Flow, 'ledger' | 'recordings' | 'clock'>;
  readonly key: KeyObject;
  readonly attempts: Attempts;
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

/** `sent` where the response was written; undefined where there is no such recording, or the ticket is not good. */
export async function replayAnswer(deps: ReplaysDeps, ask: ReplayAsk): Promise<Answer | 'sent' | undefined> {
  const { access, session, detail, url, response } = ask;
  if (detail === undefined) return showPage(deps, ask);
  if (!isGood(deps, ask, url.searchParams.get('ticket') ?? '')) return undefined;
  if (detail === 'find') {
    const finder = lineFinder(url.searchParams.get('text') ?? '');
    const played = await readInto(deps, ask, finder);
    if (played === undefined) return undefined;
    return { status: 200, json: finder.found().map((hit) => ({ ...hit, playedMs: played(hit.atMs) })) };
  }
  const cast = detail === 'cast' ? await deps.flow.recordings.read(access.request.id, session) : undefined;
  if (cast === undefined) return undefined;
  response.writeHead(200, { ...securityHeaders(), 'content-type': 'application/x-asciicast' });
  // A reader that goes away is no trouble of ours.
  await pipeline(cast, response).catch(() => {});
  return 'sent';
}

async function showPage(deps: ReplaysDeps, ask: ReplayAsk): Promise<Answer | undefined> {
  const { access, person, session } = ask;
  const tooMany = await deps.attempts.bar({ access: access.request.id, person }, 'replay');
  if (tooMany !== undefined) return refused(tooMany.refused, { person, access });
  const finder = commandFinder();
  const played = await readInto(deps, ask, finder);
  if (played === undefined) return undefined;
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
  const commands = finder.commands().map((command) => ({ ...command, playedMs: played(command.atMs) }));
  const html = replayPage({ access, person, session, ticket, commands });
  return { status: 200, page: { kind: 'replay', html } };
}

/** Where moments stand in the player once all of it was read; undefined where there is no recording. */
async function readInto(
  { flow }: ReplaysDeps,
  { access, session }: ReplayAsk,
  finder: { read(event: CastEvent): void },
): Promise<((atMs: number) => number) | undefined> {
  const cast = await flow.recordings.read(access.request.id, session);
  if (cast === undefined) return undefined;
  const reader = castReader();
  const pauses = pauseCutter();
  cast.setEncoding('utf8');
  for await (const text of cast)
    for (const event of reader.read(String(text))) {
      pauses.read(event);
      finder.read(event);
    }
  return pauses.played;
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
