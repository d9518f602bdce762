/** The three buttons, and what happened after one of them, as the world tells it. */
import { post } from './api.js';
import { byId, h, keep } from './dom.js';
import { clock } from './time.js';

const root = byId('story');
const title = h('h3');
const lines = h('ol');
root.append(title, lines);

/** @type {HTMLElement[]} */
const buttons = [
  ['Kill the bot', '/playground/kill-bot'],
  ['Empty Redis', '/playground/empty-redis'],
  ['Tamper with the trail', '/playground/tamper'],
].map(([name = '', path = '']) =>
  h('button.danger', { type: 'button', onclick: () => void post(path).catch(() => {}) }, name),
);
byId('story-buttons').append(...buttons);

/** @param {any} story */
export function showStory(story) {
  for (const button of buttons) button.toggleAttribute('disabled', story?.running === true);
  title.textContent =
    story === undefined ? 'Nothing was broken yet.' : story.running ? `${story.title} …` : story.title;
  const told = (story?.lines ?? []).map((/** @type {any} */ line, /** @type {number} */ at) => ({
    ...line,
    key: `${line.at} ${at}`,
  }));
  const grew = told.at(-1)?.key !== lines.lastElementChild?.getAttribute('data-key');
  keep(
    lines,
    told,
    (/** @type {any} */ line) => line.key,
    (/** @type {any} */ { at, tone, text }) =>
      h(`li.${tone}`, {}, h('time', {}, clock(at)), h('span', {}, text)),
  );
  if (grew) root.scrollTop = root.scrollHeight;
}
