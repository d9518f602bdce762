/**
 * Answers that say one thing: a refusal, a failure, that there is nothing here. Whoever is signed in reads as whom, and
 * can sign out: often it is the wrong person. An access is named only to those who may see it.
 */
import type { Access } from '../../domain/access.ts';
import type { Person } from '../../domain/people.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { plainRefusal } from '../../words/refusals.ts';
import type { Answer } from './answers.ts';
import { type Lead, notice } from './pages/layout.ts';

export function say(
  status: number,
  title: string,
  text: string,
  lead: Lead = { to: '/', says: 'Your accesses' },
  person?: Person,
): Answer {
  return { status, page: { kind: 'plain', html: notice(title, text, lead, person) } };
}

/** What is not there and what is not for them read alike, to the byte. */
export function missing(person?: Person): Answer {
  const text = `There is no such page, or it is not for you.${signedInAs(person)}`;
  return say(404, 'Nothing here', text, undefined, person);
}

/** Who was refused what; `access` only where they may see it. */
export type Asked = {
  readonly person?: Person;
  readonly access?: Access;
  readonly doing?: 'terminal' | 'done' | 'download' | 'revoke';
};

export function refused(refusal: Refusal, { person, access, doing }: Asked = {}): Answer {
  const lead =
    access === undefined ? undefined : { to: `/accesses/${access.request.id}`, says: 'See the access' };
  const words = plainRefusal(refusal);
  switch (refusal.code) {
    case 'no-such-access':
      return missing(person);
    case 'directory-unavailable':
    case 'download-failed':
      return say(503, 'Not now', words, lead, person);
    case 'too-many-attempts':
    case 'replays-under-way':
      return say(429, 'Not so often', words, lead, person);
    case 'ineligible':
      return say(403, 'Not with this account', words + signedInAs(person), lead, person);
    case 'not-yours': {
      const name = access?.request.requester.name ?? 'its requester';
      const isTerminal = doing === 'terminal';
      const may = isTerminal ? 'You may watch it.' : `Only ${name} can do that.`;
      const title = `This ${isTerminal ? 'terminal' : 'access'} is ${name}’s`;
      return say(403, title, `${signedInAs(person).trim()} ${may}`, lead, person);
    }
    case 'no-such-session':
      return say(403, 'Not open any more', words, lead, person);
    case 'not-an-approver':
      return say(403, 'Not yours to decide', words, lead, person);
    default:
      return say(
        403,
        doing === 'download' ? 'Nothing was downloaded' : 'Nothing was done',
        words,
        lead,
        person,
      );
  }
}

function signedInAs(person: Person | undefined): string {
  return person === undefined ? '' : ` You are signed in as ${person.name}.`;
}

/** The world failed, or we did; what it was stands in the log. */
export function failed(error: unknown): Answer {
  const isAway = error instanceof Error && 'code' in error && error.code === 'unavailable';
  return say(isAway ? 503 : 500, 'Something failed', 'It failed on our side. Try again in a moment.');
}
