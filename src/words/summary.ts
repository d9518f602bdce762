/** The summary of an access that is over. Names no command: people type secrets, and what was typed stays on the replay. */
import type { Revoked } from '../domain/access.ts';
import { formatDuration } from '../domain/duration.ts';
import type { Summary } from '../domain/summary.ts';
import type { Message } from '../ports/notices.ts';
import { bytes } from './bytes.ts';
import { approvedBy, causeWords } from './card.ts';
import { clip, escapeText, listed, mention, when } from './slack-text.ts';

export type SummaryFacts = {
  readonly access: Revoked;
  readonly summary: Summary;
  /** As the shells reported them. */
  readonly commands: number;
  readonly pages?: string;
};

const shownMax = 8;

export function summaryMessage({ access, summary, commands, pages }: SummaryFacts): Message {
  const { request, startedAt, endedAt } = access;
  const { sessions, destinations, credentials, downloads, blocked, viewers, unusual } = summary;
  const lines = [
    `*Who and why*\n${mention(request.requester.id)}: ${escapeText(request.reason)}; ${approvedBy(access)}`,
    ...(startedAt === undefined
      ? []
      : [
          `*When*\n${when(startedAt)} to ${when(endedAt)} (${formatDuration(endedAt - startedAt)}): ${causeWords(access.cause)}`,
        ]),
    `*Sessions*\n${sessions.length === 0 ? 'none' : `${sessions.map((session) => sessionWords(session, request.id, pages)).join(', ')}; about ${commands} ${commands === 1 ? 'command' : 'commands'}`}`,
    `*Connections*\n${destinations.length === 0 ? 'none' : some(destinations.map(destinationWords))}`,
    `*Credentials vended*\n${credentials}`,
    ...(downloads.length === 0
      ? []
      : [
          `*Downloaded*\n${bytes(downloads.reduce((all, each) => all + each.bytes, 0))} in ${downloads.length} ${downloads.length === 1 ? 'file' : 'files'}\n${some(downloads.map(downloadWords))}`,
        ]),
    ...(blocked.length === 0
      ? []
      : [
          `*Blocked*\n${some(blocked.map(({ host, port, count }) => `${place(host, port)} ${count} times`))}`,
        ]),
    ...(viewers.length === 0 ? [] : [`*Watched or replayed by*\n${escapeText(listed(viewers))}`]),
  ];
  const first =
    unusual.length === 0
      ? []
      : [section(`:warning: *Worth a look*\n${unusual.map((each) => `• ${escapeText(each)}`).join('\n')}`)];
  return {
    text: `What was done with ${escapeText(request.target)}${unusual.length === 0 ? '' : ', and something worth a look'}`,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: clip(`What was done: ${request.target}`, 150) } },
      ...first,
      ...lines.map(section),
    ],
  };
}

function sessionWords(
  { id, seconds }: Summary['sessions'][number],
  access: string,
  pages: string | undefined,
): string {
  const length = seconds === undefined ? 'not ended' : formatDuration(seconds * 1_000);
  return pages === undefined ? length : `<${pages}/accesses/${access}/sessions/${id}|${length}>`;
}

function destinationWords({
  host,
  port,
  connections,
  bytesIn,
  bytesOut,
}: Summary['destinations'][number]): string {
  return `${place(host, port)} ${connections} times, ${bytes(bytesOut)} out, ${bytes(bytesIn)} in`;
}

function downloadWords({ path, bytes: size }: Summary['downloads'][number]): string {
  return `\`${escapeText(clip(path, 120).replaceAll('`', "'"))}\` ${bytes(size)}`;
}

function place(host: string, port: number): string {
  return `\`${escapeText(clip(host, 120).replaceAll('`', "'"))}:${port}\``;
}

function some(items: readonly string[]): string {
  const more = items.length > shownMax ? `\n• and ${items.length - shownMax} more` : '';
  return `${items
    .slice(0, shownMax)
    .map((item) => `• ${item}`)
    .join('\n')}${more}`;
}

function section(text: string): Message['blocks'][number] {
  return { type: 'section', text: { type: 'mrkdwn', text: clip(text, 2_990) } };
}
