/** Signing out, as an answer: whatever comes of it, this browser forgets who it was; and it says how far that goes. */
import type { IncomingMessage } from 'node:http';
import { signOut } from '../../flow/sign-out.ts';
import type { Answer } from './answers.ts';
import type { PagesDeps } from './deps.ts';
import { presentAt } from './people.ts';
import { say } from './say.ts';

const again = { to: '/', says: 'Sign in with Slack' };

export async function answerSignOut(
  deps: Pick<PagesDeps, 'cookies' | 'team' | 'flow' | 'log'>,
  request: IncomingMessage,
): Promise<Answer> {
  const headers = { 'set-cookie': deps.cookies.clear('session') };
  return { ...(await endSignIns(deps, request)), headers };
}

async function endSignIns(
  deps: Pick<PagesDeps, 'cookies' | 'team' | 'flow' | 'log'>,
  request: IncomingMessage,
): Promise<Answer> {
  try {
    const present = await presentAt(deps, request);
    if (present === undefined) return say(200, 'Signed out', 'You are not signed in here.', again);
    await signOut(deps.flow, present.signedIn);
    return say(
      200,
      'Signed out',
      'You are signed out, in every browser. A terminal that is open elsewhere is left within a minute; what runs in it goes on until it is idle. You may still be signed in to Slack.',
      again,
    );
  } catch (error) {
    deps.log.error({ err: error }, 'a sign-out could not be kept');
    return say(
      503,
      'Signed out here only',
      'This browser forgot you, but it could not be written down: a copy of its cookie would be good until its eight hours are over. Sign in and out again in a moment.',
      again,
    );
  }
}
