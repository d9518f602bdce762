/** One access: what it is, its sessions, and what the trail says of it. */
import type { Access } from '../../../domain/access.ts';
import type { Entry } from '../../../domain/audit.ts';
import { formatDuration, isoTime } from '../../../domain/duration.ts';
import type { Person } from '../../../domain/people.ts';
import type { Sight } from '../../../flow/viewing.ts';
import { approvedBy, endOfCourse } from '../../../words/course.ts';
import { type Html, html } from '../html.ts';
import { doneAct, revokeAct } from './act.ts';
import { layout } from './layout.ts';
import { newest, othersOf } from './newest.ts';
import { time } from './time.ts';
import { trailTable } from './trail-table.ts';

export type AccessPage = {
  readonly access: Access;
  readonly person: Person;
  readonly sight: Sight;
  /** Its entries, verified, or why they cannot be shown. */
  readonly trail: { readonly entries: readonly Entry[] } | { readonly flaw: string };
  /** Sessions that are open in this process. */
  readonly open: readonly string[];
};

export function accessPage({ access, person, sight, trail, open }: AccessPage): Html {
  const { request } = access;
  const here = `/accesses/${request.id}`;
  const active = access.state === 'active';
  const approvers = approvedBy(access);
  const body = html`<h1>${request.target}</h1>
<dl>
<dt>Access</dt><dd><code>${request.id}</code></dd>
<dt>State</dt><dd>${access.state}</dd>
<dt>For</dt><dd>${request.requester.name}, ${formatDuration(request.durationMs)}</dd>
<dt>Reason</dt><dd>${request.reason}</dd>
${request.ticket === undefined ? undefined : html`<dt>Ticket</dt><dd>${request.ticket}</dd>`}
${approvers.length === 0 ? undefined : html`<dt>Approved by</dt><dd>${approvers.join(', ')}</dd>`}
${end(access)}
</dl>
<div class="acts">
${active && sight === 'requester' ? html`<a class="button" href="${here}/terminal">Open terminal</a> ${doneAct(request)}` : undefined}
${active && sight === 'approver' ? revokeAct(request) : undefined}
</div>
${'flaw' in trail ? html`<p class="alarm">The trail of this access does not verify: ${trail.flaw}.</p>` : [sessions(here, trail.entries, open, sight), trailTable(trail.entries)]}`;
  return layout({ title: request.target, person, body });
}

function end(access: Access): Html | undefined {
  const found = endOfCourse(access);
  if (found === undefined) return undefined;
  const { word, at, by, why } = found;
  const who = by === undefined ? '' : ` by ${by.name}`;
  return html`<dt>${word}</dt><dd>${time(isoTime(at))}${who}${why === undefined ? '' : `: ${why}`}</dd>`;
}

function sessions(here: string, entries: readonly Entry[], open: readonly string[], sight: Sight): Html {
  const started = entries.filter(({ action }) => action === 'session.started');
  if (started.length === 0) return html`<h2>Sessions</h2><p>None yet.</p>`;
  const ends = new Map(
    entries.flatMap((each) => (each.action === 'session.ended' ? [[each.details.session, each]] : [])),
  );
  const rows = newest(started).map(({ at, details }) => {
    const id = String(details.session);
    const ended = ends.get(details.session);
    const link = open.includes(id)
      ? sight === 'requester'
        ? html`<a href="${here}/terminal?session=${id}">open</a>`
        : html`<a href="${here}/sessions/${id}/live">watch</a>`
      : html`<a href="${here}/sessions/${id}">replay</a>`;
    const length =
      ended === undefined ? '' : `${Number(ended.details.seconds)} s, ${String(ended.details.why)}`;
    return html`<tr><td class="at">${time(at)}</td><td><code>${id}</code></td><td>${link}</td><td class="details">${length}${digest(ended)}</td></tr>`;
  });
  return html`<h2>Sessions</h2>${othersOf(started)}<table><tbody>${rows}</tbody></table>`;
}

/** Of the whole recording, to hold its file against. */
function digest(ended: Entry | undefined): Html | undefined {
  const sha256 = ended?.details.sha256;
  return typeof sha256 === 'string' ? html`<br><code>sha256 ${sha256}</code>` : undefined;
}
