/** The two forms: asking, and saying why one denies. */
import { formatDuration } from '../../domain/duration.ts';
import type { Policy } from '../../domain/policy.ts';
import type { Refusal, Refused } from '../../domain/refusal.ts';
import { reasonMax, ticketMax } from '../../domain/request.ts';
import { refusalWords } from '../../words/refusals.ts';
import { clip } from '../../words/slack-text.ts';

export const askCallback = 'ask';
export const denyCallback = 'deny-reason';
/** A select holds at most 100 options. */
const optionsMax = 100;

const plain = (text: string) => ({ type: 'plain_text' as const, text });

export function askModal(policy: Policy, offered: readonly string[]) {
  const options = offered.slice(0, optionsMax).map((name) => ({
    text: plain(clip(policy.targets[name]?.name ?? name, 75)),
    value: name,
    description: plain(
      clip(`${name}, at most ${formatDuration(policy.targets[name]?.duration.max ?? 0)}`, 75),
    ),
  }));
  const first = options[0];
  return {
    type: 'modal' as const,
    callback_id: askCallback,
    title: plain('Access to production'),
    submit: plain('Ask'),
    close: plain('Cancel'),
    blocks: [
      {
        type: 'input' as const,
        block_id: 'target',
        label: plain('Target'),
        element: {
          type: 'static_select' as const,
          action_id: 'value',
          options,
          ...(options.length === 1 && first !== undefined ? { initial_option: first } : {}),
        },
      },
      {
        type: 'input' as const,
        block_id: 'duration',
        label: plain('For how long'),
        hint: plain('90s, 45m, 2h or 1d. Left empty: what the target usually gives.'),
        optional: true,
        element: { type: 'plain_text_input' as const, action_id: 'value', max_length: 10 },
      },
      {
        type: 'input' as const,
        block_id: 'reason',
        label: plain('Reason'),
        hint: plain('Approvers and auditors read it.'),
        element: {
          type: 'plain_text_input' as const,
          action_id: 'value',
          multiline: true,
          max_length: reasonMax,
        },
      },
      {
        type: 'input' as const,
        block_id: 'ticket',
        label: plain('Ticket'),
        hint: plain('Some targets require one; it may stand in the reason instead.'),
        optional: true,
        element: { type: 'plain_text_input' as const, action_id: 'value', max_length: ticketMax },
      },
    ],
  };
}

/** What the deny form carries along: ids only; authority is judged again when it is sent. */
export type DenyContext = { readonly access: string; readonly channel: string; readonly ts: string };

export function denyModal(context: DenyContext) {
  return {
    type: 'modal' as const,
    callback_id: denyCallback,
    private_metadata: JSON.stringify(context),
    title: plain('Deny this request'),
    submit: plain('Deny'),
    close: plain('Cancel'),
    blocks: [
      {
        type: 'input' as const,
        block_id: 'reason',
        label: plain('Why?'),
        hint: plain('The requester reads it.'),
        element: {
          type: 'plain_text_input' as const,
          action_id: 'value',
          multiline: true,
          max_length: reasonMax,
        },
      },
    ],
  };
}

const fieldOf: Partial<Record<Refusal['code'], string>> = {
  'no-such-target': 'target',
  'duration-malformed': 'duration',
  'duration-too-long': 'duration',
  'reason-missing': 'reason',
  'reason-too-short': 'reason',
  'reason-too-long': 'reason',
  'ticket-missing': 'ticket',
};

export type FormErrors = {
  readonly response_action: 'errors';
  readonly errors: Readonly<Record<string, string>>;
};

/** Shows what is wrong with an ask, each at the field that it is about. */
export function formErrors({ refused, also = [] }: Refused): FormErrors {
  const at = [refused, ...also].map((each) => [fieldOf[each.code] ?? 'target', plainWords(each)] as const);
  return { response_action: 'errors', errors: Object.fromEntries(at) };
}

/** Shows a refusal of a deny at the form's only field. */
export function denyErrors(refusal: Refusal): FormErrors {
  return { response_action: 'errors', errors: { reason: plainWords(refusal) } };
}

/** Form errors are plain text. */
function plainWords(refusal: Refusal): string {
  return refusalWords(refusal)
    .replaceAll('`', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
