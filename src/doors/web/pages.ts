/**
 * The web pages, behind Sign in with Slack. Each request is judged anew: who it is from the sealed cookie, unless they
 * signed out since; what they may see from today's policy and directory. What somebody may not see reads like what is
 * not there.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Access, isPassing } from '../../domain/access.ts';
import { downloadMax } from '../../domain/download.ts';
import { isSessionId } from '../../domain/ids.ts';
import type { Person } from '../../domain/people.ts';
import { isRefused } from '../../domain/refusal.ts';
import { newestOf } from '../../flow/find-access.ts';
import { reviewsOf } from '../../flow/reviews.ts';
import { barFromViewing, type Sight } from '../../flow/viewing.ts';
import type { Stored } from '../../ports/ledger.ts';
import { accessFor } from './access-for.ts';
import { answerAct } from './acts.ts';
import { addressOf } from './address.ts';
import { type Answer, isReading, redirect, send } from './answers.ts';
import { sendAsset } from './assets.ts';
import type { PagesDeps } from './deps.ts';
import { accessPage } from './pages/access-page.ts';
import { listPage } from './pages/list-page.ts';
import { livePage, terminalPage } from './pages/session-pages.ts';
import { personAt } from './people.ts';
import { replayAnswer } from './replays.ts';
import { failed, missing, refused } from './say.ts';
import { callbackPath } from './sign-in.ts';
import { beginSignIn, finishSignIn } from './signing-in.ts';
import { turnAway } from './turned-away.ts';

/** Answers every request, if only that there is nothing here. */
export async function answerPage(
  deps: PagesDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = addressOf(request);
  if (url === undefined) return send(response, missing());
  const asset = /^\/assets\/([a-z.-]+)$/.exec(url.pathname)?.[1];
  if (asset !== undefined && isReading(request) && sendAsset(request, response, asset)) return;
  const answer = await answerFor(deps, request, url, response).catch((error: unknown): Answer => {
    if (response.headersSent) throw error;
    deps.log.error({ err: error }, 'a page failed');
    return failed(error);
  });
  if (answer !== 'sent') send(response, answer);
}

async function answerFor(
  deps: PagesDeps,
  request: IncomingMessage,
  url: URL,
  response: ServerResponse,
): Promise<Answer | 'sent'> {
  const { pathname, search } = url;
  const acted = request.method === 'POST' && (await answerAct(deps, request, pathname, response));
  if (acted) return acted;
  if (isReading(request) && pathname === callbackPath) return finishSignIn(deps, request, pathname + search);
  const person = await personAt(deps, request);
  const isPage = pathname === '/' || pathname.startsWith('/accesses/');
  if (!isReading(request) || !isPage) return missing(person);
  if (person === undefined) return beginSignIn(deps, pathname);
  if (pathname === '/') return showList(deps, person);

  const [, , id = '', part, session = '', detail] = pathname.split('/');
  const found = await accessFor(deps, { id, person, doing: 'look' });
  if (isRefused(found)) return refused(found.refused, { person });
  const { stored, sight } = found;
  const { access } = stored;
  if (part === undefined) return showAccess(deps, stored, person, sight);
  if (part === 'terminal' && session === '') return showTerminal(deps, stored, person, sight, url);
  if (part !== 'sessions' || !isSessionId(session)) return missing(person);
  if (detail === 'live') {
    if (deps.sessions.find(access.request.id, session) === undefined)
      return refused({ code: 'no-such-session' }, { person, access });
    return { status: 200, page: { kind: 'terminal', html: livePage({ access, person, session, sight }) } };
  }
  return (
    (await replayAnswer(deps.replays, { access, person, session, detail, url, response })) ?? missing(person)
  );
}

async function showList({ flow }: PagesDeps, person: Person): Promise<Answer> {
  const bar = await barFromViewing(flow, person);
  if (bar !== undefined) return refused(bar, { person });
  const [own, reviews] = await Promise.all([newestOf(flow, person.id, 20), reviewsOf(flow, person)]);
  const html = listPage({ person, own: own.map(({ access }) => access), ...reviews });
  return { status: 200, page: { kind: 'plain', html } };
}

/** Seconds after which a page of what the bot is at work on is loaded again, without a script; later where it is stuck. */
function againIn(access: Access): number {
  return access.state === 'revoking' && access.alarmed ? 30 : 2;
}

async function showAccess(
  { flow, sessions }: PagesDeps,
  stored: Stored,
  person: Person,
  sight: Sight,
): Promise<Answer> {
  const trail = await flow.ledger.evidence(stored);
  const open = sessions.of(stored.access.request.id).map(({ id }) => id);
  const html = accessPage({ access: stored.access, person, sight, trail, open });
  const headers = isPassing(stored.access) ? { refresh: String(againIn(stored.access)) } : {};
  return { status: 200, headers, page: { kind: 'plain', html } };
}

async function showTerminal(
  deps: PagesDeps,
  { access }: Stored,
  person: Person,
  sight: Sight,
  { searchParams }: URL,
): Promise<Answer> {
  if (sight !== 'requester') {
    const refusal = { code: 'not-yours' } as const;
    await turnAway(deps, { person, doing: 'terminal', refusal, access: access.request.id });
    return refused(refusal, { person, access, doing: 'terminal' });
  }
  // What it would say stands on the page of the access, and more.
  if (access.state !== 'active') return redirect(`/accesses/${access.request.id}`);
  const asked = searchParams.get('session') ?? '';
  const session = isSessionId(asked) ? asked : undefined;
  const max = downloadMax(deps.flow.policy.current(), access.request);
  const html = terminalPage({
    access,
    person,
    session,
    downloadMax: typeof max === 'number' ? max : undefined,
  });
  return { status: 200, page: { kind: 'terminal', html } };
}
