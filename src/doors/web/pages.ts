/**
 * The web pages, behind Sign in with Slack. Each request is judged anew: who it is from the sealed cookie, what they
 * may see from today's policy and directory. What somebody may not see reads like what is not there.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { isAccessId, isSessionId } from '../../domain/ids.ts';
import type { Person } from '../../domain/people.ts';
import { isRefused, type Refusal } from '../../domain/refusal.ts';
import { load } from '../../flow/advance.ts';
import type { Flow } from '../../flow/deps.ts';
import { done, revoke } from '../../flow/end-early.ts';
import { newestOf } from '../../flow/find-access.ts';
import type { Sessions } from '../../flow/sessions.ts';
import { isSight, type Sight, sightOf } from '../../flow/viewing.ts';
import type { Stored } from '../../ports/ledger.ts';
import { plainRefusal } from '../../words/refusals.ts';
import { type Answer, redirect, send } from './answers.ts';
import { sendAsset } from './assets.ts';
import type { Cookies } from './cookies.ts';
import { accessPage } from './pages/access-page.ts';
import { notice } from './pages/layout.ts';
import { listPage } from './pages/list-page.ts';
import { livePage, terminalPage } from './pages/session-pages.ts';
import { isOurs, personAt } from './people.ts';
import { type ReplaysDeps, replayAnswer } from './replays.ts';
import { callbackPath, type SignIn, SignInFault } from './sign-in.ts';

export type PagesDeps = {
  readonly flow: Flow;
  readonly sessions: Sessions;
  readonly replays: ReplaysDeps;
  readonly signIn: SignIn;
  readonly cookies: Cookies;
  readonly team: () => Promise<string>;
  /** No slash at its end. */
  readonly publicUrl: string;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
};

/** Answers what is a page's, and says whether it did. */
export async function answerPage(
  deps: PagesDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const url = new URL(request.url ?? '/', deps.publicUrl);
  const asset = /^\/assets\/([a-z.-]+)$/.exec(url.pathname)?.[1];
  if (asset !== undefined && request.method !== 'POST') return sendAsset(request, response, asset);
  const answer = await answerFor(deps, request, url, response);
  if (answer === undefined) return false;
  if (answer !== 'sent') send(response, answer);
  return true;
}

async function answerFor(
  deps: PagesDeps,
  request: IncomingMessage,
  url: URL,
  response: ServerResponse,
): Promise<Answer | 'sent' | undefined> {
  const { pathname, search } = url;
  if (request.method === 'POST') return answerPost(deps, request, pathname);
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
  if (pathname === callbackPath) return finishSignIn(deps, request, pathname + search);
  if (pathname !== '/' && !pathname.startsWith('/accesses/')) return undefined;
  const person = await personAt(deps.cookies, request, deps.team);
  if (person === undefined) return beginSignIn(deps, pathname);
  if (pathname === '/') return showList(deps, person);

  const [, , id = '', part, session = '', detail] = pathname.split('/');
  const found = await accessFor(deps, id, person);
  if ('page' in found) return found;
  const { stored, sight } = found;
  const { access } = stored;
  if (part === undefined) return showAccess(deps, stored, person, sight);
  if (part === 'terminal' && session === '') {
    if (sight !== 'requester') return refused({ code: 'not-yours' });
    return { status: 200, page: { kind: 'terminal', html: terminalPage({ access, person }) } };
  }
  if (part !== 'sessions' || !isSessionId(session)) return missing;
  if (detail === 'live')
    return { status: 200, page: { kind: 'terminal', html: livePage({ access, person, session, sight }) } };
  return (await replayAnswer(deps.replays, { access, person, session, detail, url, response })) ?? missing;
}

async function answerPost(
  deps: PagesDeps,
  request: IncomingMessage,
  pathname: string,
): Promise<Answer | undefined> {
  const act = /^\/accesses\/(?<id>[a-z0-9_]+)\/(?<what>done|revoke)$/.exec(pathname)?.groups;
  if (pathname !== '/sign-out' && act === undefined) return undefined;
  if (!isOurs(request, deps.publicUrl))
    return say(403, 'Not from here', 'This button was pressed on another site’s page. Nothing was done.');
  if (act === undefined) {
    const html = notice('Signed out', 'You are signed out here. You may still be signed in to Slack.');
    const headers = { 'set-cookie': deps.cookies.clear('session') };
    return { status: 200, headers, page: { kind: 'plain', html } };
  }
  const person = await personAt(deps.cookies, request, deps.team);
  const { id = '', what } = act;
  if (person === undefined) return beginSignIn(deps, `/accesses/${id}`);
  const found = await accessFor(deps, id, person);
  if ('page' in found) return found;
  const access = found.stored.access.request.id;
  const outcome =
    what === 'done'
      ? await done(deps.flow, { access, person })
      : await revoke(deps.flow, { access, by: { person } });
  return isRefused(outcome) ? refused(outcome.refused) : redirect(`/accesses/${access}`);
}

async function accessFor(
  deps: PagesDeps,
  id: string,
  person: Person,
): Promise<{ readonly stored: Stored; readonly sight: Sight } | (Answer & { page: unknown })> {
  if (!isAccessId(id)) return missing;
  const stored = await load(deps.flow, id);
  if (isRefused(stored)) return stored.refused.code === 'no-such-access' ? missing : refused(stored.refused);
  const sight = await sightOf(deps.flow, stored.access, person);
  if (isSight(sight)) return { stored, sight };
  return sight.code === 'no-such-access' ? missing : refused(sight);
}

async function showList({ flow }: PagesDeps, person: Person): Promise<Answer> {
  const own = (await newestOf(flow, person.id, 20)).map(({ access }) => access);
  const open = await Promise.all((await flow.ledger.unfinished()).map((id) => load(flow, id)));
  const others = open.flatMap((each) =>
    isRefused(each) || each.access.request.requester.id === person.id ? [] : [each.access],
  );
  const sights = await Promise.all(others.map((access) => sightOf(flow, access, person)));
  const reviewed = others.filter((_, at) => {
    const sight = sights[at];
    return sight !== undefined && isSight(sight);
  });
  return { status: 200, page: { kind: 'plain', html: listPage({ person, own, reviewed }) } };
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
  return { status: 200, page: { kind: 'plain', html } };
}

async function beginSignIn({ signIn, log }: PagesDeps, to: string): Promise<Answer> {
  try {
    const { location, cookie } = await signIn.begin(to);
    return redirect(location, { 'set-cookie': cookie });
  } catch (error) {
    return signInTrouble(log, error);
  }
}

async function finishSignIn(deps: PagesDeps, request: IncomingMessage, path: string): Promise<Answer> {
  const spent = deps.cookies.clear('sign-in');
  try {
    const { who, to } = await deps.signIn.finish(path, request.headers.cookie);
    return redirect(to, { 'set-cookie': [spent, await deps.cookies.seal('session', who)] });
  } catch (error) {
    return { ...signInTrouble(deps.log, error), headers: { 'set-cookie': spent } };
  }
}

function signInTrouble(log: PagesDeps['log'], error: unknown): Answer {
  if (!(error instanceof SignInFault)) throw error;
  log.warn({ err: error }, 'a sign-in came to nothing');
  const status = error.code === 'unavailable' ? 503 : 403;
  const next =
    error.code === 'other-team'
      ? 'Sign in to the workspace in which you use prod-access, then try again.'
      : 'Nothing was opened. Start again from the link in Slack, or here.';
  const html = notice('Not signed in', `${error.message} ${next}`, { to: '/', says: 'Sign in with Slack' });
  return { status, page: { kind: 'plain', html } };
}

function refused(refusal: Refusal): Answer & { page: unknown } {
  return say(403, 'Not this', plainRefusal(refusal));
}

function say(status: number, title: string, text: string): Answer & { page: unknown } {
  const html = notice(title, text, { to: '/', says: 'Your accesses' });
  return { status, page: { kind: 'plain', html } };
}

const missing = say(404, 'Nothing here', 'There is no such page, or it is not for you.');
