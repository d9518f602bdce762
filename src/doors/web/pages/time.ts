/** An instant, shown in UTC; page.js turns it into the reader's own zone. */
import { type Html, html } from '../html.ts';

export function time(iso: string): Html {
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`;
}
