/** Answers that say one thing: a refusal, a failure, that there is nothing here. */
import type { Refusal } from '../../domain/refusal.ts';
import { plainRefusal } from '../../words/refusals.ts';
import type { Answer } from './answers.ts';
import { notice } from './pages/layout.ts';

export function say(
  status: number,
  title: string,
  text: string,
  link = { to: '/', says: 'Your accesses' },
): Answer {
  return { status, page: { kind: 'plain', html: notice(title, text, link) } };
}

/** What is not there and what is not for them read alike, to the byte. */
export const missing = say(404, 'Nothing here', 'There is no such page, or it is not for you.');

export function refused(refusal: Refusal): Answer {
  switch (refusal.code) {
    case 'no-such-access':
      return missing;
    case 'directory-unavailable':
    case 'download-failed':
      return say(503, 'Not now', plainRefusal(refusal));
    case 'too-many-attempts':
      return say(429, 'Not so often', plainRefusal(refusal));
    default:
      return say(403, 'Not this', plainRefusal(refusal));
  }
}

/** The world failed, or we did; what it was stands in the log. */
export function failed(error: unknown): Answer {
  const isAway = error instanceof Error && 'code' in error && error.code === 'unavailable';
  return say(isAway ? 503 : 500, 'Something failed', 'It failed on our side. Try again in a moment.');
}
