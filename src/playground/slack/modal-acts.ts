/** Submitting and closing a modal, and what the app's acknowledgement does to it. */
import type { Courier } from './delivery.ts';
import { stateOf, type ViewInput } from './inputs.ts';
import { checkView } from './limits.ts';
import { closeModal, findView, pushModal, updateModal } from './modals.ts';
import { closedPayload, type Payloads, submissionPayload } from './payloads.ts';
import { isObject, SlackRefusal, type View } from './wire.ts';

export type SubmitOutcome =
  /** Slack's client did not send it: something required is missing, or too short or long. */
  | { readonly outcome: 'incomplete'; readonly errors: Readonly<Record<string, string>> }
  | { readonly outcome: 'closed' | 'cleared' }
  /** The app's errors, by block id. */
  | { readonly outcome: 'errors'; readonly errors: Readonly<Record<string, string>> }
  | { readonly outcome: 'updated' | 'pushed'; readonly view: View }
  /** No answer in time, or one that Slack does not take. The modal stays. */
  | { readonly outcome: 'failed'; readonly error: string; readonly shown: string };

export type ModalDeps = Payloads & { readonly courier: Courier };

const trouble = 'We had some trouble connecting. Try again?';

export async function submitView(
  deps: ModalDeps & { readonly notice: (user: string, text: string) => void },
  user: string,
  view: View,
  input: ViewInput,
): Promise<SubmitOutcome> {
  const { values, errors } = stateOf(view, input);
  if (Object.keys(errors).length > 0) return { outcome: 'incomplete', errors };
  const fail = (error: string): SubmitOutcome => {
    deps.notice(user, trouble);
    return { outcome: 'failed', error, shown: trouble };
  };
  const ack = await deps.courier.deliver('interactive', submissionPayload(deps, user, view, values));
  if (ack.outcome === 'failed') return fail(ack.error);
  try {
    return obey(deps, user, view, ack.body) ?? fail('invalid_response');
  } catch (error) {
    if (error instanceof SlackRefusal) return fail(error.code);
    throw error;
  }
}

function obey(deps: ModalDeps, user: string, view: View, body: unknown): SubmitOutcome | undefined {
  const { workspace } = deps;
  if (body === undefined || body === '') {
    closeModal(workspace, user, { id: view.id });
    return { outcome: 'closed' };
  }
  if (!isObject(body)) return undefined;
  switch (body.response_action) {
    case undefined:
      if (Object.keys(body).length > 0) return undefined;
      closeModal(workspace, user, { id: view.id });
      return { outcome: 'closed' };
    case 'clear':
      void tellClosed(
        deps,
        user,
        closeModal(workspace, user, 'all').filter((gone) => gone.id !== view.id),
        true,
      );
      return { outcome: 'cleared' };
    case 'errors':
      return readErrors(deps, user, view, body.errors);
    case 'update': {
      const current = findView(workspace, { id: view.id })?.view ?? view;
      return { outcome: 'updated', view: updateModal(workspace, user, current, checkView(body.view)) };
    }
    case 'push':
      return { outcome: 'pushed', view: pushModal(workspace, user, checkView(body.view)) };
    default:
      return undefined;
  }
}

/** Errors must name input blocks of this view, or the person sees nothing but trouble. */
function readErrors(deps: ModalDeps, user: string, view: View, errors: unknown): SubmitOutcome | undefined {
  if (!isObject(errors) || Object.keys(errors).length === 0) return undefined;
  const inputs = new Set(
    view.blocks.filter((block) => block.type === 'input').map((block) => block.block_id),
  );
  const read: Record<string, string> = {};
  for (const [id, text] of Object.entries(errors)) {
    if (!inputs.has(id) || typeof text !== 'string' || text === '') return undefined;
    read[id] = text;
  }
  deps.workspace.watchers.tell({ kind: 'view', what: 'errors', user, view: view.id });
  return { outcome: 'errors', errors: read };
}

/** Closes as the person's X or Cancel does; the app hears of it only where the view asked for that. */
export async function closeView(deps: ModalDeps, user: string, view: View): Promise<void> {
  const gone = closeModal(deps.workspace, user, view.clear_on_close ? 'all' : { id: view.id });
  await tellClosed(deps, user, gone, view.clear_on_close);
}

async function tellClosed(
  deps: ModalDeps,
  user: string,
  gone: readonly View[],
  isCleared: boolean,
): Promise<void> {
  for (const view of gone.filter((one) => one.notify_on_close))
    await deps.courier.deliver('interactive', closedPayload(deps, user, view, isCleared));
}
