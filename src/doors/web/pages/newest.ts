/** What of a list that may be long has its place on a page: the newest, and a word on the others. */
import { type Html, html } from '../html.ts';

const most = 500;

/** Of a list whose oldest come first. */
export function newest<T>(all: readonly T[]): readonly T[] {
  return all.slice(-most);
}

/** Nothing where all are shown. */
export function othersOf(all: readonly unknown[]): Html | undefined {
  if (all.length <= most) return undefined;
  return html`<p>These are the newest ${most} of ${all.length}. Whoever runs the bot has the others too: <code>prod-access audit export</code>.</p>`;
}
