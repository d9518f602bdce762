/** An entry of the trail as one line for a terminal. */
import type { Entry } from '../../domain/audit.ts';
import { person } from './access-words.ts';
import { plain } from './output.ts';

/** Characters of one detail. */
const detailMax = 200;
/** Digests, and what would fill the screen: `--json` shows them. */
const hidden: readonly string[] = ['policy', 'terms', 'findings'];

export function entryText(entry: Entry): string {
  const details = Object.entries(entry.details)
    .filter(([name]) => !hidden.includes(name))
    .map(([name, value]) => `${plain(name)}=${shown(value)}`);
  const about = [entry.target, entry.access].filter((each) => each !== undefined).map(plain);
  const start = `#${entry.seq} ${entry.hash.slice(0, 8)}  ${plain(entry.at)}  ${plain(entry.action)}`;
  return [start, ...about, `by ${person(entry.actor)}`, ...details].join('  ');
}

function shown(value: unknown): string {
  const text = plain(typeof value === 'string' ? value : JSON.stringify(value));
  const short = text.length <= detailMax ? text : `${text.slice(0, detailMax - 1)}…`;
  return /[\s"]/.test(short) ? JSON.stringify(short) : short;
}
