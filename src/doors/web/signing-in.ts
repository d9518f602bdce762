/** The two steps of signing in, as answers: to Slack with a cookie that remembers why, and back with one that says who. */
import type { IncomingMessage } from 'node:http';
import { type Answer, redirect } from './answers.ts';
import type { PagesDeps } from './deps.ts';
import { notice } from './pages/layout.ts';
import { SignInFault } from './sign-in.ts';

type Deps = Pick<PagesDeps, 'signIn' | 'cookies' | 'flow' | 'log'>;

/** A longer path is none of ours, and its cookie would be none that a browser keeps. */
const pathMax = 200;

/** `wanted` is a path of ours, where the browser ends in the end. */
export async function beginSignIn(
  { signIn, log }: Pick<Deps, 'signIn' | 'log'>,
  wanted: string,
): Promise<Answer> {
  const to = wanted.length > pathMax ? '/' : wanted;
  try {
    const { location, cookie } = await signIn.begin(to);
    return redirect(location, { 'set-cookie': cookie });
  } catch (error) {
    return signInTrouble(log, error, to);
  }
}

export async function finishSignIn(deps: Deps, request: IncomingMessage, path: string): Promise<Answer> {
  const spent = deps.cookies.clear('sign-in');
  try {
    const { who, to } = await deps.signIn.finish(path, request.headers.cookie);
    const session = await deps.cookies.seal('session', { ...who, since: deps.flow.clock.now() });
    return redirect(to, { 'set-cookie': [spent, session] });
  } catch (error) {
    const begun = await deps.cookies.open('sign-in', request.headers.cookie);
    return { ...signInTrouble(deps.log, error, begun?.to), headers: { 'set-cookie': spent } };
  }
}

/** `to`: the page that was wanted. */
function signInTrouble(log: Deps['log'], error: unknown, to = '/'): Answer {
  if (!(error instanceof SignInFault)) throw error;
  log.warn({ err: error }, 'a sign-in came to nothing');
  const status = error.code === 'unavailable' ? 503 : 403;
  const next =
    error.code === 'other-team'
      ? 'Sign in to the workspace in which you use prod-access, then try again.'
      : 'Nothing was opened. Start again from the link in Slack, or here.';
  const html = notice('Not signed in', `${error.message} ${next}`, { to, says: 'Sign in with Slack' });
  return { status, page: { kind: 'plain', html } };
}
