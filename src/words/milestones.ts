/** What the requester is told by direct message, one message for each thing that happened. */
import type { Access } from '../domain/access.ts';
import { formatDuration } from '../domain/duration.ts';
import type { AccessId } from '../domain/ids.ts';
import type { Message } from '../ports/notices.ts';
import { approvedBy, endWords, outcome } from './card.ts';
import { clip, escapeText, when } from './slack-text.ts';

export type Milestone = { readonly tag: string; readonly message: Message };

/** The button's own click is none of ours, but must be acknowledged. */
export const terminalAction = 'open-terminal';

/** The milestones that an access has reached, in order. Each is posted once. `pages`: where the web pages are, if any. */
export function milestones(access: Access, pages?: string): readonly Milestone[] {
  const { request } = access;
  const name = `\`${request.target}\``;
  const said = (tag: string, text: string, acts: Message['blocks'] = []): Milestone => ({
    tag,
    message: messageOf(request.id, text, acts),
  });
  const asked = said(
    'asked',
    `:hourglass: You asked for ${name} for ${formatDuration(request.durationMs)}: ${escapeText(request.reason)}`,
  );
  const active = (startedAt: number | undefined, endsAt: number | undefined): Milestone[] =>
    startedAt === undefined || endsAt === undefined
      ? []
      : [
          said(
            'active',
            `:large_green_circle: Your access to ${name} is *active* until ${when(endsAt)}. \`/prod-access done\` ends it early.`,
            access.state === 'active' && pages !== undefined ? [terminalButton(pages, request.id)] : [],
          ),
        ];
  switch (access.state) {
    case 'waiting':
      return [asked];
    case 'rejected':
    case 'withdrawn':
    case 'lapsed':
      return [asked, said('over', `Your request for ${name} is over. ${outcome(access)}`)];
    case 'approved':
    case 'provisioning':
      return [
        asked,
        said(
          'approved',
          `:white_check_mark: Your access to ${name} was ${approvedBy(access)}. It is being opened.`,
        ),
      ];
    case 'active': {
      const warned = access.warned
        ? [
            said(
              'warned',
              `:alarm_clock: Your access to ${name} ends ${when(access.endsAt)}, and with it all that lies in its sandbox. If you need longer, ask again: \`/prod-access ${request.target} <duration> <reason>\`.`,
            ),
          ]
        : [];
      return [
        asked,
        said('approved', `:white_check_mark: Your access to ${name} was ${approvedBy(access)}.`),
        ...active(access.startedAt, access.endsAt),
        ...warned,
      ];
    }
    case 'revoking':
      return [asked, ...active(access.startedAt, access.endsAt)];
    case 'revoked':
      return [
        asked,
        ...active(access.startedAt, access.endsAt),
        said('over', `:lock: Your access to ${name} was *revoked* ${endWords(access)}.`),
      ];
    case 'failed':
      return [
        asked,
        said(
          'over',
          `:warning: Your access to ${name} could not be opened and everything was undone: ${escapeText(clip(access.why, 300))}`,
        ),
      ];
  }
}

/** For whoever had an access that was ended after the ledger had lost it: its earlier messages still say otherwise. */
export function lostWords(id: AccessId, target: string): Message {
  return messageOf(
    id,
    `:lock: Your access to \`${escapeText(target)}\` was *revoked*: its time was up. The record of it was lost, so earlier messages about it no longer hold.`,
  );
}

function terminalButton(pages: string, id: AccessId): Message['blocks'][number] {
  return {
    type: 'actions',
    elements: [
      {
        type: 'button',
        action_id: terminalAction,
        style: 'primary',
        text: { type: 'plain_text', text: 'Open terminal' },
        url: `${pages}/accesses/${id}/terminal`,
      },
    ],
  };
}

function messageOf(id: AccessId, text: string, acts: Message['blocks'] = []): Message {
  return {
    text: clip(text, 3_000),
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: clip(text, 2_990) } },
      ...acts,
      { type: 'context', elements: [{ type: 'mrkdwn', text: `\`${id}\`` }] },
    ],
  };
}
