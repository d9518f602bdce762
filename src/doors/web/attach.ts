/** Joins a WebSocket with a session: what is shown, typed and told, and how far behind the screen is. */
import type { RawData, WebSocket } from 'ws';
import type { Person } from '../../domain/people.ts';
import type { Session, Viewer } from '../../flow/session.ts';
import type { Stored } from '../../ports/ledger.ts';
import { blockedLine } from '../../words/blocked-line.ts';
import type { PagesDeps } from './deps.ts';
import { endMalformed, endWith } from './socket-life.ts';
import { parseNews } from './terminal-news.ts';
import { typingInto } from './typing.ts';

/** Bytes on their way to a page beyond which it is told of nothing that can be left out. */
const linesMax = 64 * 1024;

export type Joined = {
  readonly person: Person;
  readonly session: Session;
  readonly writes: boolean;
  readonly stored: Stored;
  /** What became of the session that the page looked for, in words. */
  readonly lost?: string | undefined;
};

/** The function that is returned says whether the page was heard of so far. */
export function attach(
  { flow }: Pick<PagesDeps, 'flow'>,
  socket: WebSocket,
  { person, session, writes, stored, lost }: Joined,
): () => boolean {
  const { access } = stored;
  let shown = 0;
  let taken = 0;
  let heard = false;
  const say = (news: unknown): void => socket.send(JSON.stringify(news));
  const endsAt = access.state === 'active' ? access.endsAt : undefined;
  say({ type: 'session', id: session.id, endsAt, now: flow.clock.now(), lost });
  const viewer: Viewer = {
    person,
    writes,
    show: (bytes) => {
      shown += bytes.length;
      socket.send(bytes, () => attachment.caughtUp());
    },
    // What a page claims to have taken cannot be more than what has left us.
    behind: () => Math.max(shown - taken, socket.bufferedAmount),
    sized: ({ cols, rows }) => say({ type: 'size', cols, rows }),
    watched: (names) => say({ type: 'watched', names }),
    // One line takes the place of another: whoever is slow to hear of them misses some.
    blocked: (attempt) => {
      if (socket.bufferedAmount < linesMax) say({ type: 'blocked', line: blockedLine(attempt) });
    },
    over: (why, again) => endWith(socket, { type: 'over', why, again }),
  };
  const attachment = session.attach(viewer);
  const typing = typingInto(attachment, socket, (bytes) => say({ type: 'typed', bytes }));
  socket.on('message', (data, isBinary) => {
    heard = true;
    if (isBinary) {
      if (writes) typing.take(bytesOf(data));
      return;
    }
    const news = parseNews(String(data));
    if (news === undefined) {
      attachment.detach();
      return endMalformed(socket);
    }
    if (news.type === 'resize') return attachment.resize({ cols: news.cols, rows: news.rows });
    taken = Math.min(shown, taken + news.bytes);
    attachment.caughtUp();
  });
  socket.once('close', () => attachment.detach());
  return () => heard;
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
