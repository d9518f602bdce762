/** One line for whoever works in a terminal: what was just tried and not let through. Plain text. */
import type { Blocked } from '../ports/brokers.ts';
import { clip } from './slack-text.ts';

export function blockedLine({ host, port, why, count }: Blocked): string {
  // Attempts that stand together, or named no destination, have none to show.
  const named = host === '*' || why.includes(host) ? '' : `${host}:${port}: `;
  return `blocked: ${clip(`${named}${why}`, 200)}${count > 1 ? ` (${count} times)` : ''}`;
}
