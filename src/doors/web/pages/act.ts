/**
 * Buttons that take something away. What they do is said, and asked once more, before anything is done: with nothing but
 * HTML, so that they work where scripts do not. The door checks that a page of ours posted the form.
 */
import { type Request, reasonMax } from '../../../domain/request.ts';
import { type Html, html } from '../html.ts';

/** For its requester. */
export function doneAct({ id }: Pick<Request, 'id'>): Html {
  return asked(`/accesses/${id}/done`, 'Done', {
    question: 'End it now? What is in the sandbox is lost.',
    yes: 'End it now',
  });
}

/** For its approvers. */
export function revokeAct({ id, requester }: Pick<Request, 'id' | 'requester'>): Html {
  return asked(`/accesses/${id}/revoke`, 'Revoke', {
    question: `Revoke ${requester.name}’s access? Their terminals are cut at once.`,
    fields: html`<label>Why <input name="why" maxlength="${reasonMax}" autocomplete="off" placeholder="told to ${requester.name}, and in the trail"></label>`,
    yes: 'Revoke now',
  });
}

type Question = { readonly question: string; readonly fields?: Html; readonly yes: string };

function asked(action: string, label: string, { question, fields, yes }: Question): Html {
  return html`<details class="asked"><summary class="strong">${label}</summary>
<form method="post" action="${action}"><p>${question}</p>${fields}<button class="danger">${yes}</button></form></details>`;
}
