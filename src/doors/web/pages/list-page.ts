/** The accesses that somebody may look at: their own, and those that they may review. */
import type { Access } from '../../../domain/access.ts';
import { isoTime } from '../../../domain/duration.ts';
import type { Person } from '../../../domain/people.ts';
import { lookedThrough, overMax, type Reviews } from '../../../flow/reviews.ts';
import { endOfCourse } from '../../../words/course.ts';
import { type Html, html } from '../html.ts';
import { layout } from './layout.ts';
import { time } from './time.ts';

export type ListPage = {
  readonly person: Person;
  readonly own: readonly Access[];
} & Reviews;

export function listPage({ person, own, open, over }: ListPage): Html {
  const body = html`<h1>Accesses</h1>
<h2>Yours</h2>
${list(own, 'You have not asked for anything yet. Type /prod-access in Slack.')}
${open.length === 0 ? undefined : html`<h2>Open now, for you to review</h2>${list(open, '')}`}
${over.length === 0 ? undefined : html`<h2>Over, for you to review</h2><p>Newest first, at most ${overMax}, among the last ${lookedThrough} requests. What is older is found by its id.</p>${list(over, '')}`}`;
  return layout({ title: 'Accesses', person, body });
}

function list(accesses: readonly Access[], empty: string): Html {
  if (accesses.length === 0) return html`<p>${empty}</p>`;
  const rows = accesses.map((access) => {
    const { id, target, requester, askedAt } = access.request;
    const end = endOfCourse(access);
    return html`<tr><td><a href="/accesses/${id}">${target}</a></td><td>${requester.name}</td><td>${access.state}</td><td class="at">asked ${time(isoTime(askedAt))}</td><td class="at">${end === undefined ? '' : html`${end.word.toLowerCase()} ${time(isoTime(end.at))}`}</td></tr>`;
  });
  return html`<table><tbody>${rows}</tbody></table>`;
}
