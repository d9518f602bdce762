/**
 * The summary of an access that is over: into the thread of each of its cards, and to its requester. Made once its
 * sessions are on the record; a session whose end does not come is said to be without one, a minute later.
 */
import type { Access, Revoked } from '../domain/access.ts';
import { castReader } from '../domain/cast.ts';
import { commandFinder } from '../domain/cast-commands.ts';
import { isSessionId } from '../domain/ids.ts';
import { type Summary, summaryOf } from '../domain/summary.ts';
import type { Stored } from '../ports/ledger.ts';
import type { Notice } from '../ports/notices.ts';
import { summaryMessage } from '../words/summary.ts';
import type { Flow } from './deps.ts';

type Deps = Pick<Flow, 'ledger' | 'notices' | 'recordings' | 'clock' | 'pages' | 'log'>;

const tag = 'summary';
/** For how long the end of a session is waited for. */
const patienceMs = 60_000;

/** Some session of it has not ended yet. */
export class NotEnded extends Error {
  override readonly name = 'NotEnded';
  readonly retryable = true;
}

/** The messages that are still to be posted; none for an access that nobody could use, or when it was summarised. */
export async function summaryNotices(deps: Deps, stored: Stored): Promise<readonly Notice[]> {
  const { access } = stored;
  if (!wasUsed(access)) return [];
  const { id, requester } = access.request;
  const cards = await deps.notices.posted(id, 'card');
  const standing = await deps.notices.posted(id, tag);
  if (standing.length > cards.length) return [];
  const evidence = await deps.ledger.evidence(stored);
  if ('flaw' in evidence) return [];
  const summary = summaryOf(evidence.entries);
  const open = summary.sessions.some(({ seconds }) => seconds === undefined);
  if (open && deps.clock.now() < access.endedAt + patienceMs)
    throw new NotEnded(`a session of ${id} has not ended yet`);
  const commands = await countCommands(deps, access, summary);
  const { pages } = deps;
  const message = summaryMessage({ access, summary, commands, ...(pages === undefined ? {} : { pages }) });
  const direct: Notice = { access: id, tag, to: { person: requester.id }, message };
  const threads = cards.map(
    ({ to, channel, ts }): Notice => ({ access: id, tag, to, under: { channel, ts }, message }),
  );
  return [direct, ...threads];
}

function wasUsed(access: Access): access is Revoked {
  return access.state === 'revoked' && access.startedAt !== undefined;
}

async function countCommands(
  { recordings, log }: Deps,
  { request }: Revoked,
  summary: Summary,
): Promise<number> {
  let count = 0;
  for (const { id } of summary.sessions) {
    if (!isSessionId(id)) continue;
    try {
      const cast = await recordings.read(request.id, id);
      if (cast === undefined) continue;
      const reader = castReader();
      const finder = commandFinder();
      cast.setEncoding('utf8');
      for await (const text of cast) for (const event of reader.read(String(text))) finder.read(event);
      count += finder.count();
    } catch (error) {
      log.warn(
        { access: request.id, session: id, err: error },
        'a recording could not be read for the summary',
      );
    }
  }
  return count;
}
