/** The replay: a player, the commands that lead to their moments, and a search in what was shown. */
/** @type {any} The player comes as a script of its own. */
const { AsciinemaPlayer } = globalThis;
const place = document.getElementById('player');
if (place === null) throw new Error('the page has no #player');
const player = AsciinemaPlayer.create(place.dataset.cast ?? '', place, {
  idleTimeLimit: 3,
  fit: 'width',
  preload: true,
  terminalFontFamily: 'ui-monospace, "DejaVu Sans Mono", Menlo, monospace',
});

/** @param {Element | null} list */
function leadToMoments(list) {
  list?.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('button') : null;
    if (button?.dataset.at !== undefined) void jump(Number(button.dataset.at));
  });
}

/** @param {number} atMs */
async function jump(atMs) {
  // A moment before, so that the command is seen being run.
  await player.seek(Math.max(0, atMs / 1_000 - 0.5));
  await player.play();
}

leadToMoments(document.getElementById('commands'));
const found = document.getElementById('found');
leadToMoments(found);

const field = document.getElementById('search');
field?.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement)) return;
  event.preventDefault();
  void find(event.target.value);
});

/** @param {string} text */
async function find(text) {
  const url = new URL(place?.dataset.find ?? '', location.href);
  url.searchParams.set('text', text);
  const answer = await fetch(url);
  const matches = answer.ok ? await answer.json() : [];
  found?.replaceChildren(
    ...matches.map((/** @type {{ atMs: number, line: string }} */ { atMs, line }) => {
      const item = document.createElement('li');
      const button = document.createElement('button');
      button.dataset.at = String(atMs);
      button.textContent = line;
      item.append(button);
      return item;
    }),
  );
  if (matches.length === 0) found?.append('not found');
}
