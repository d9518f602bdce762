/** An entry of the trail as one line for the audit channel: its number and the start of its hash first. */
import type { Entry } from '../domain/audit.ts';
import { clip, escapeText } from './slack-text.ts';

/** Characters of a line, so that many fit one message. */
const lineMax = 600;

export function entryLine(entry: Entry): string {
  const who = entry.actor.kind === 'person' ? `<@${entry.actor.id}>` : escapeText(entry.actor.name);
  const details = Object.entries(entry.details)
    .filter(([name]) => name !== 'policy' && name !== 'terms' && name !== 'findings')
    .map(
      ([name, value]) =>
        `${escapeText(name)}: ${escapeText(clip(typeof value === 'string' ? value : JSON.stringify(value), 200))}`,
    );
  const parts = [
    `*${escapeText(entry.action)}*`,
    ...(entry.target === undefined ? [] : [escapeText(entry.target)]),
    `by ${who}`,
    ...details,
  ];
  const id = entry.access === undefined ? '' : ` · \`${escapeText(entry.access)}\``;
  return `\`#${entry.seq} ${entry.hash.slice(0, 8)}\` ${clip(parts.join(' · '), lineMax)}${id}`;
}
