/** Puts the page together: two people's Slack, what stands in the world, and the stories; all kept up to date. */
import { get, onChange } from './api.js';
import { byId } from './dom.js';
import { openPane } from './pane.js';
import { showStory } from './stories.js';
import { showWorld, tick } from './world.js';

const example = '/prod-access payments-db 2m checkout answers 500, INC-4821';
const directory = await get('/_human/workspace');
const left = openPane('left', 'U0ANA', directory);
const right = openPane('right', 'U0LEA', directory);
const panes = [left, right];

const nameOf = (/** @type {string} */ id) =>
  directory.people.find((/** @type {any} */ person) => person.id === id)?.real_name ?? id;

byId('example').textContent = example;
byId('fill').addEventListener('click', () => void left.fill(example));

async function look() {
  try {
    const world = await get('/playground/world');
    showWorld(world, nameOf);
    showStory(world.story);
    for (const pane of panes) pane.seeWorld(world);
    document.body.classList.remove('cut-off');
  } catch {
    document.body.classList.add('cut-off');
  } finally {
    setTimeout(() => void look(), 700);
  }
}

void look();
setInterval(tick, 250);
onChange((change) => {
  for (const pane of panes) void pane.see(change);
});
