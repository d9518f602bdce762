/** The summary of an access that is over. Names no command: people type secrets, and what was typed stays on the replay. */
import type { Revoked } from '../domain/access.ts';
import type { Summary } from '../domain/summary.ts';
import type { Message } from '../ports/notices.ts';
import { bytes } from './bytes.ts';
import { approvedBy, endWords } from './card.ts';
import { clip, counted, escapeText, listed, mention, when } from './slack-text.ts';

export type SummaryFacts = {
  readonly access: Revoked;
  readonly summary: Summary;
  /** As the shells reported them. */
  readonly commands: number;
  readonly pages?: string;
};

const shownMax = 8;

export function summaryMessage({ access, summary, commands, pages }: SummaryFacts): Message {
  const { request, startedAt } = access;
  const { sessions, destinations, credentials, downloads, blocked, viewers, unusual } = summary;
  const lines = [
    `*Who and why*\n${mention(request.requester.id)}: ${escapeText(request.reason)}; ${approvedBy(access)}`,
    ...(startedAt === undefined ? [] : [`*When*\n${spanWords(access, startedAt)}`]),
    `*Sessions*\n${sessions.length === 0 ? 'none: no terminal was opened' : `${counted(sessions.length, 'terminal')}, about ${counted(commands, 'command')}\n${some(sessions.map((session) => sessionWords(session, request.id, pages)))}`}`,
    ...(destinations.length === 0 ? [] : [`*Connections*\n${some(destinations.map(destinationWords))}`]),
    ...(credentials === 0 ? [] : [`*Credentials*\nvended ${times(credentials)}`]),
    ...(downloads.length === 0
      ? []
      : [
          `*Downloaded*\n${bytes(downloads.reduce((all, each) => all + each.bytes, 0))} in ${counted(downloads.length, 'file')}\n${some(downloads.map(downloadWords))}`,
        ]),
    ...(blocked.length === 0 ? [] : [`*Blocked*\n${some(blocked.map(blockedWords))}`]),
    ...(viewers.length === 0 ? [] : [`*Watched or replayed by*\n${escapeText(listed(viewers))}`]),
  ];
  const first =
    unusual.length === 0
      ? []
      : [section(`:warning: *Worth a look*\n${some(unusual.map((each) => escapeText(clip(each, 300))))}`)];
  return {
    text: `What was done with ${escapeText(request.target)}${unusual.length === 0 ? '' : ', and something worth a look'}`,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: clip(`What was done: ${request.target}`, 150) } },
      ...first,
      ...lines.map(section),
    ],
  };
}

/** From when to when it could be used; taking it away takes longer, and is told apart. */
function spanWords(access: Revoked, startedAt: number): string {
  const { endedAt, endsAt = endedAt } = access;
  const until = Math.min(endsAt, endedAt);
  return `${when(startedAt)} to ${when(until)} (${lengthWords(until - startedAt)}); revoked ${endWords(access)}`;
}

/** `7m 29s`. */
function lengthWords(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const parts = [
    [Math.floor(seconds / 3_600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const shown = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count}${unit}`);
  return shown.length === 0 ? '0s' : shown.join(' ');
}

function sessionWords(
  { id, seconds }: Summary['sessions'][number],
  access: string,
  pages: string | undefined,
): string {
  const length = seconds === undefined ? 'not ended' : lengthWords(seconds * 1_000);
  return pages === undefined ? length : `<${pages}/accesses/${access}/sessions/${id}|${length}>`;
}

function destinationWords(to: Summary['destinations'][number]): string {
  const forward = to.by === 'proxy' ? '' : `${escapeText(to.by)} `;
  return `${forward}${place(to)} ${times(to.connections)}, ${bytes(to.bytesOut)} out, ${bytes(to.bytesIn)} in`;
}

function blockedWords({ host, port, why, count }: Summary['blocked'][number]): string {
  const reason = why.replace(`: ${host}:${port}`, '');
  return `${host === '*' ? 'various' : place({ host, port })} ${times(count)}: ${escapeText(clip(reason, 200))}`;
}

function downloadWords({ path, bytes: size }: Summary['downloads'][number]): string {
  return `\`${escapeText(clip(path, 120).replaceAll('`', "'"))}\` ${bytes(size)}`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function place({ host, port }: { readonly host: string; readonly port: number }): string {
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
