/**
 * Terminals over WebSocket. Binary messages are the terminal's bytes, both ways; text messages are JSON (see
 * `terminal-news.ts`). Whoever may not be here is told why in words and disconnected; what is malformed or too big ends
 * the connection and nothing else. None of it is judged once and for all: who is attached is looked at again.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { isoTime } from '../../domain/duration.ts';
import { type AccessId, isAccessId, isSessionId, type SessionId } from '../../domain/ids.ts';
import { lostSession } from '../../domain/lost-session.ts';
import type { Person } from '../../domain/people.ts';
import { isRefused, type Refused } from '../../domain/refusal.ts';
import type { Flow } from '../../flow/deps.ts';
import type { Session } from '../../flow/session.ts';
import { isSight, sightOf } from '../../flow/viewing.ts';
import type { Stored } from '../../ports/ledger.ts';
import { lostSessionWords } from '../../words/lost-session.ts';
import { plainRefusal } from '../../words/refusals.ts';
import { accessFor } from './access-for.ts';
import { addressOf } from './address.ts';
import { attach, type Joined } from './attach.ts';
import type { PagesDeps } from './deps.ts';
import { isOurs, personAt } from './people.ts';
import { answerPings, endWith, keepAlive } from './socket-life.ts';
import { sizeSchema } from './terminal-news.ts';
import { turnAway } from './turned-away.ts';

/** A page sends what is typed in pieces; a larger message is no page's. */
const messageMax = 64 * 1024;

export type TerminalSockets = {
  /** Takes an upgrade that is a terminal's, and says whether it did. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): boolean;
  close(): void;
};

/** How often it is judged anew whether those who are attached may still be. */
type JudgeOptions = { readonly judgeEveryMs: number };

export function terminalSockets(
  deps: PagesDeps,
  { judgeEveryMs = 60_000 }: Partial<JudgeOptions> = {},
): TerminalSockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: messageMax,
    perMessageDeflate: false,
    clientTracking: true,
    autoPong: false,
  });
  return {
    upgrade: (request, stream, head) => {
      // A connection that breaks while it is being answered must end nothing but itself.
      stream.on('error', () => {});
      const url = addressOf(request);
      const id = /^\/accesses\/([a-z0-9_]+)\/socket$/.exec(url?.pathname ?? '')?.[1];
      if (url === undefined || id === undefined || !isAccessId(id)) return false;
      if (!isOurs(request, deps.publicUrl)) {
        stream.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
        void recordForeign(deps, request, id).catch((error: unknown) =>
          deps.log.error({ access: id, err: error }, 'a terminal asked for from elsewhere was not recorded'),
        );
        return true;
      }
      server.handleUpgrade(request, stream, head, (socket) => {
        const asked = { socket, request, access: id, wanted: url.searchParams, judgeEveryMs };
        void serve(deps, asked).catch((error: unknown) => {
          deps.log.error({ access: id, err: error }, 'a terminal failed');
          refuse(socket, 'It failed on our side. Try again in a moment.');
        });
      });
      return true;
    },
    close: () => {
      for (const socket of server.clients) socket.terminate();
    },
  };
}

/** Another site's page used somebody's cookie. Without one it is nobody's, and only the internet's noise. */
async function recordForeign(deps: PagesDeps, request: IncomingMessage, access: AccessId): Promise<void> {
  const person = await personAt(deps, request);
  if (person === undefined) return;
  const found = await accessFor(deps, { id: access, person, doing: 'terminal' });
  if (!isRefused(found))
    await turnAway(deps, { person, doing: 'terminal', refusal: { code: 'from-elsewhere' }, access });
}

type SocketAsk = JudgeOptions & {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  readonly access: AccessId;
  readonly wanted: URLSearchParams;
};

async function serve(deps: PagesDeps, ask: SocketAsk): Promise<void> {
  const { socket, request, access: id, wanted } = ask;
  socket.on('error', () => {});
  keepAlive(socket);
  answerPings(socket);
  // What comes while the session is being opened waits for it.
  socket.pause();
  const person = await personAt(deps, request);
  if (person === undefined) return refuse(socket, 'You are not signed in any more. Load the page again.');
  const found = await accessFor(deps, { id, person, doing: 'terminal' });
  if (isRefused(found)) return refuse(socket, plainRefusal(found.refused));
  const { stored, sight } = found;
  const entered =
    sight === 'requester'
      ? await enter(deps, stored, person, wanted)
      : await watch(deps, stored, person, wanted);
  if (isRefused(entered)) return refuse(socket, plainRefusal(entered.refused));
  const { session, isNew, lost } = entered;
  if (socket.readyState !== socket.OPEN) return isNew ? session.cut(nobodyCame) : undefined;
  const heard = attach(deps, socket, { person, session, writes: sight === 'requester', stored, lost });
  // A session that its page never heard of cannot be found again by anybody.
  if (isNew) socket.once('close', () => heard() || session.cut(nobodyCame));
  judgeAgain(deps, { ...ask, person, stored, session, writes: sight === 'requester' });
  socket.resume();
}

const nobodyCame = 'nobody came to it';

function refuse(socket: WebSocket, why: string): void {
  endWith(socket, { type: 'over', why, again: false, refused: true });
}

type Entered = { readonly session: Session; readonly isNew: boolean; readonly lost?: string | undefined };

/** The requester's own: the session that they had, or a new one. */
async function enter(
  { flow, sessions }: PagesDeps,
  stored: Stored,
  person: Person,
  wanted: URLSearchParams,
): Promise<Entered | Refused> {
  const { id } = stored.access.request;
  const session = wanted.get('session') ?? '';
  const standing = isSessionId(session) ? sessions.find(id, session) : undefined;
  if (standing !== undefined) return { session: standing, isNew: false };
  const size = sizeSchema
    .catch({ cols: 80, rows: 24 })
    .parse({ cols: Number(wanted.get('cols')), rows: Number(wanted.get('rows')) });
  const opened = await sessions.open(id, person, size);
  if (isRefused(opened)) return opened;
  return {
    session: opened,
    isNew: true,
    lost: isSessionId(session) ? await told(flow, stored, session) : undefined,
  };
}

/** What became of the session that the page looked for, in words. */
async function told(
  { ledger }: Pick<Flow, 'ledger'>,
  stored: Stored,
  session: SessionId,
): Promise<string | undefined> {
  const evidence = await ledger.evidence(stored);
  const lost = 'entries' in evidence ? lostSession(evidence.entries, session) : undefined;
  return lost === undefined ? undefined : lostSessionWords(lost);
}

/** Nobody watches before it is on the record. */
async function watch(
  { flow, sessions, attempts }: PagesDeps,
  { access }: Stored,
  person: Person,
  wanted: URLSearchParams,
): Promise<Entered | Refused> {
  const { id, target } = access.request;
  const asked = wanted.get('session') ?? '';
  const session = isSessionId(asked) ? sessions.find(id, asked) : undefined;
  if (session === undefined) return { refused: { code: 'no-such-session' } };
  const tooMany = await attempts.bar({ access: id, person }, 'watch');
  if (tooMany !== undefined) return tooMany;
  await flow.ledger.append([
    {
      at: isoTime(flow.clock.now()),
      action: 'session.viewed',
      access: id,
      actor: { kind: 'person', ...person },
      target,
      details: { session: session.id, live: true },
    },
  ]);
  return { session, isNew: false };
}

function signedOut(writes: boolean): string {
  return `You are not signed in any more. Sign in again to go on here${writes ? '; your shell goes on' : ''}.`;
}

/**
 * Groups and accounts change while somebody looks on, people sign out elsewhere, and cookies come to their end. What
 * cannot be told changes nothing here: no request gets this far while it is so, and the end of the access needs none.
 */
function judgeAgain(
  deps: PagesDeps,
  { socket, request, judgeEveryMs, stored, person, session, writes }: SocketAsk & Joined,
): void {
  const judge = async (): Promise<void> => {
    const sight = await sightOf(deps.flow, stored.access, person);
    if (isSight(sight) || sight.code === 'directory-unavailable') {
      if ((await personAt(deps, request)) === undefined) refuse(socket, signedOut(writes));
      return;
    }
    if (writes) session.cut('its requester may not use it any more', { again: false });
    refuse(socket, 'You may not look at this any more.');
    const doing = writes ? 'terminal' : 'watch';
    await turnAway(deps, { person, doing, refusal: sight, access: session.access });
  };
  const timer = setInterval(() => {
    void judge().catch((error: unknown) =>
      deps.log.warn(
        { access: session.access, err: error },
        'who is attached to a terminal was not judged anew',
      ),
    );
  }, judgeEveryMs);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}
