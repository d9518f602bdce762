/** What the buttons on the pages do. Each is judged anew by its flow, and only a page of ours can press one. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRefused } from '../../domain/refusal.ts';
import { done, revoke } from '../../flow/end-early.ts';
import { accessFor } from './access-for.ts';
import { type Answer, redirect } from './answers.ts';
import type { PagesDeps } from './deps.ts';
import { readForm } from './form.ts';
import { isOurs, personAt } from './people.ts';
import { refused, say } from './say.ts';
import { sendFile } from './send-file.ts';
import { answerSignOut } from './signing-out.ts';

const acts = ['done', 'revoke', 'download'] as const;

const notOurForm = say(413, 'Nothing was done', 'This is not what the forms of these pages send.');

/** Undefined where no button posts to this path; `sent` where the response was written. */
export async function answerAct(
  deps: PagesDeps,
  request: IncomingMessage,
  pathname: string,
  response: ServerResponse,
): Promise<Answer | 'sent' | undefined> {
  const [, id = '', word] = /^\/accesses\/([a-z0-9_]+)\/([a-z]+)$/.exec(pathname) ?? [];
  const what = acts.find((each) => each === word);
  if (pathname !== '/sign-out' && what === undefined) return undefined;
  if (!isOurs(request, deps.publicUrl))
    return say(403, 'Not from here', 'This button was pressed on another site’s page. Nothing was done.');
  if (what === undefined) return answerSignOut(deps, request);
  const person = await personAt(deps, request);
  if (person === undefined) {
    // No redirect to Slack from here: browsers hold `form-action` against where a form ends up.
    const again = { to: `/accesses/${id}`, says: 'Sign in with Slack' };
    return say(401, 'Signed out', 'You are not signed in any more. Nothing was done.', again);
  }
  const found = await accessFor(deps, { id, person, doing: what });
  if (isRefused(found)) return refused(found.refused, { person });
  const { access } = found.stored;
  const asked = { person, access, doing: what };
  const form = await readForm(request);
  // What was not read of it is not waited for.
  if (form === undefined) return { ...notOurForm, headers: { connection: 'close' } };
  const { id: which } = access.request;
  if (what === 'download') {
    const sent = await sendFile(deps.downloads, { access: which, person }, form.get('path') ?? '', response);
    return sent === 'sent' ? sent : refused(sent.refused, asked);
  }
  const tooMany = await deps.attempts.bar({ access: which, person }, what);
  if (tooMany !== undefined) return refused(tooMany.refused, asked);
  const outcome =
    what === 'done'
      ? await done(deps.flow, { access: which, person })
      : await revoke(deps.flow, { access: which, by: { person }, why: form.get('why') ?? '' });
  return isRefused(outcome) ? refused(outcome.refused, asked) : redirect(`/accesses/${which}`);
}
