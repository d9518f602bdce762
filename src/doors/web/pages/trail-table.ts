/**
 * The trail of an access for people: times in the reader's zone, durations and names as people write them. What is left
 * out or spelled differently here stands in the export as it was signed.
 */
import type { Entry, Json } from '../../../domain/audit.ts';
import { formatDuration } from '../../../domain/duration.ts';
import { type Html, html } from '../html.ts';
import { newest, othersOf } from './newest.ts';
import { time } from './time.ts';

/** Digests, and what would fill the page. */
const hidden = ['policy', 'terms', 'findings', 'sha256'];

export function trailTable(entries: readonly Entry[]): Html {
  const names = new Map(entries.map(({ actor }) => [actor.id, actor.name]));
  const rows = newest(entries).map(
    ({ seq, hash, at, action, actor, details }) =>
      html`<tr><td class="number"><code>#${seq} ${hash.slice(0, 8)}</code></td><td class="at">${time(at)}</td><td class="action">${action}</td><td class="actor">${actor.name}</td><td class="details">${shown(details, names)}</td></tr>`,
  );
  return html`<h2>Trail</h2>
<p>${entries.length} entries, verified just now.</p>${othersOf(entries)}
<table class="trail"><tbody>${rows}</tbody></table>`;
}

function shown(details: Entry['details'], names: ReadonlyMap<string, string>): readonly Html[] {
  return Object.entries(details)
    .filter(([name]) => !hidden.includes(name))
    .map(([name, value], at) => {
      const words = name.replace(/_ms$/, '').replaceAll('_', ' ');
      return html`${at === 0 ? '' : ' · '}${words}: ${spelled(name, value, names)}`;
    });
}

function spelled(name: string, value: Json, names: ReadonlyMap<string, string>): string | Html {
  if (typeof value === 'number' && name.endsWith('_ms')) return formatDuration(value);
  if (typeof value === 'string') {
    const isInstant = name.endsWith('_at') && !Number.isNaN(Date.parse(value));
    return isInstant ? time(new Date(value).toISOString()) : value;
  }
  if (Array.isArray(value) && value.every((each) => typeof each === 'string'))
    return value.map((each) => names.get(each) ?? each).join(', ');
  return JSON.stringify(value);
}
