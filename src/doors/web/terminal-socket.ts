/**
 * Terminals over WebSocket. Binary messages are the terminal's bytes, both ways; text messages are JSON of the shapes
 * below. Whoever may not be here is told why in words and disconnected; what is malformed or too big ends the
 * connection and nothing else.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { isoTime } from '../../domain/duration.ts';
import { type AccessId, isAccessId, isSessionId } from '../../domain/ids.ts';
import type { Person } from '../../domain/people.ts';
import { isRefused, type Refusal } from '../../domain/refusal.ts';
import { load } from '../../flow/advance.ts';
import type { Attachment, Session, Viewer } from '../../flow/session.ts';
import { isSight, sightOf } from '../../flow/viewing.ts';
import { plainRefusal } from '../../words/refusals.ts';
import type { PagesDeps } from './pages.ts';
import { isOurs, personAt } from './people.ts';

const dimension = z.int().min(1).max(1_000);
const sizeSchema = z.object({ cols: dimension, rows: dimension });
const fromPage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('resize'), ...sizeSchema.shape }),
  /** Bytes that the screen has taken. */
  z.strictObject({
    type: z.literal('taken'),
    bytes: z
      .int()
      .min(0)
      .max(1 << 30),
  }),
]);

/** A page sends what is typed in pieces; a larger message is no page's. */
const messageMax = 64 * 1024;
/** A browser that does not answer this often is gone. */
const pingEveryMs = 10_000;
const policyViolation = 1008;

export function terminalSockets(deps: PagesDeps) {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: messageMax,
    perMessageDeflate: false,
    clientTracking: true,
  });
  return {
    /** Takes an upgrade that is a terminal's, and says whether it did. */
    upgrade: (request: IncomingMessage, stream: Duplex, head: Buffer): boolean => {
      const url = new URL(request.url ?? '/', deps.publicUrl);
      const id = /^\/accesses\/([a-z0-9_]+)\/socket$/.exec(url.pathname)?.[1];
      if (id === undefined || !isAccessId(id)) return false;
      if (!isOurs(request, deps.publicUrl)) {
        stream.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n');
        return true;
      }
      server.handleUpgrade(request, stream, head, (socket) => {
        void serve(deps, socket, request, id, url.searchParams).catch((error: unknown) => {
          deps.log.error({ access: id, err: error }, 'a terminal failed');
          end(socket, 'Something failed on our side. Try again in a moment.');
        });
      });
      return true;
    },
    close: (): void => {
      for (const socket of server.clients) socket.terminate();
    },
  };
}

async function serve(
  deps: PagesDeps,
  socket: WebSocket,
  request: IncomingMessage,
  access: AccessId,
  asked: URLSearchParams,
): Promise<void> {
  socket.on('error', () => {});
  keepAlive(socket);
  // What comes while the session is being opened waits for it.
  socket.pause();
  const person = await personAt(deps.cookies, request, deps.team);
  if (person === undefined) return end(socket, 'You are not signed in any more. Load the page again.');
  const found = await sessionFor(deps, access, person, asked);
  if ('refused' in found) return end(socket, plainRefusal(found.refused));
  if (socket.readyState !== socket.OPEN) return;
  attach(deps, socket, person, found);
  socket.resume();
}

type Found = { readonly session: Session; readonly writes: boolean; readonly endsAt: number };

async function sessionFor(
  deps: PagesDeps,
  access: AccessId,
  person: Person,
  asked: URLSearchParams,
): Promise<Found | { readonly refused: Refusal }> {
  const { flow, sessions } = deps;
  const stored = await load(flow, access);
  if (isRefused(stored)) return stored;
  const sight = await sightOf(flow, stored.access, person);
  if (!isSight(sight)) return { refused: sight };
  if (stored.access.state !== 'active')
    return { refused: { code: 'wrong-state', state: stored.access.state, wanted: 'active' } };
  const { endsAt } = stored.access;
  const id = asked.get('session') ?? '';
  const standing = isSessionId(id) ? sessions.find(access, id) : undefined;
  if (sight !== 'requester') {
    if (standing === undefined) return { refused: { code: 'no-such-access', text: id } };
    await recordWatching(deps, standing, person, stored.access.request.target);
    return { session: standing, writes: false, endsAt };
  }
  if (standing !== undefined) return { session: standing, writes: true, endsAt };
  const size = sizeSchema
    .catch({ cols: 80, rows: 24 })
    .parse({ cols: Number(asked.get('cols')), rows: Number(asked.get('rows')) });
  const opened = await sessions.open(access, person, size);
  return isRefused(opened) ? opened : { session: opened, writes: true, endsAt };
}

/** Nobody watches before it is on the record. */
async function recordWatching(
  { flow }: PagesDeps,
  { id, access }: Session,
  person: Person,
  target: string,
): Promise<void> {
  await flow.ledger.append([
    {
      at: isoTime(flow.clock.now()),
      action: 'session.viewed',
      access,
      actor: { kind: 'person', ...person },
      target,
      details: { session: id, live: true },
    },
  ]);
}

function attach(
  { flow }: PagesDeps,
  socket: WebSocket,
  person: Person,
  { session, writes, endsAt }: Found,
): void {
  let shown = 0;
  let taken = 0;
  const say = (news: unknown): void => socket.send(JSON.stringify(news));
  say({ type: 'session', id: session.id, endsAt, now: flow.clock.now() });
  const viewer: Viewer = {
    person,
    writes,
    show: (bytes) => {
      shown += bytes.length;
      socket.send(bytes);
    },
    behind: () => shown - taken,
    watched: (names) => say({ type: 'watched', names }),
    over: (why) => end(socket, why),
  };
  const attachment = session.attach(viewer);
  socket.on('message', (data, isBinary) => {
    if (isBinary) void hear(socket, attachment, data);
    else {
      const news = parseNews(String(data));
      if (news === undefined) return socket.close(policyViolation, 'malformed');
      if (news.type === 'resize') return attachment.resize({ cols: news.cols, rows: news.rows });
      // A page that claims more than it was shown only hurts itself: it is not waited for.
      taken = Math.min(shown, taken + news.bytes);
      attachment.caughtUp();
    }
  });
  socket.once('close', () => attachment.detach());
}

/** Reads nothing further until the shell has taken this. */
async function hear(socket: WebSocket, attachment: Attachment, data: RawData): Promise<void> {
  socket.pause();
  try {
    await attachment.type(Buffer.isBuffer(data) ? data : Buffer.concat([data].flat() as Buffer[]));
  } catch {
    // It could not be recorded: the session says so itself.
  } finally {
    socket.resume();
  }
}

function parseNews(text: string): z.infer<typeof fromPage> | undefined {
  try {
    return fromPage.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function end(socket: WebSocket, why: string): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.resume();
  socket.send(JSON.stringify({ type: 'over', why }));
  socket.close(1000);
  // A browser that does not close is cut: the terminal is over.
  setTimeout(() => socket.terminate(), 500).unref();
}

function keepAlive(socket: WebSocket): void {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const timer = setInterval(() => {
    // Nothing is read of one whose shell is slow to take what was typed, its answers neither.
    if (socket.isPaused) answered = true;
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, pingEveryMs);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}
