/** The replay: a player, the commands that lead to their moments, and a search in what was shown. */
/** @type {any} The player comes as a script of its own. */
const { AsciinemaPlayer } = globalThis;
const place = byId('player');
const player = AsciinemaPlayer.create(place.dataset.cast ?? '', place, {
  // The server reckons with the same pauses: `data-at` is the player's time.
  idleTimeLimit: Number(place.dataset.pause),
  fit: 'width',
  preload: true,
  terminalFontFamily: 'ui-monospace, "DejaVu Sans Mono", Menlo, monospace',
});

/** @param {Element} list */
function leadToMoments(list) {
  list.addEventListener('click', (event) => {
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

leadToMoments(byId('commands'));
leadToMoments(byId('found'));

const field = byId('search');
field.addEventListener('keydown', (event) => {
  if (!(event.target instanceof HTMLInputElement)) return;
  if (event.key === 'Escape') field.blur();
  if (event.key !== 'Enter') return;
  event.preventDefault();
  void find(event.target.value);
});

/** @param {string} text */
async function find(text) {
  const url = new URL(place.dataset.find ?? '', location.href);
  url.searchParams.set('text', text);
  const answer = await fetch(url);
  const matches = answer.ok ? await answer.json() : [];
  byId('found').replaceChildren(...matches.map(hit));
  const said = answer.ok
    ? matches.length === 0
      ? 'not found'
      : `${matches.length} ${matches.length === 1 ? 'line' : 'lines'}`
    : 'It could not be searched. Load the page again.';
  const hits = byId('hits');
  hits.hidden = false;
  hits.querySelector('p')?.replaceChildren(said);
}

/** @param {{ atMs: number, playedMs: number, line: string }} found */
function hit({ atMs, playedMs, line }) {
  const [button, item] = [document.createElement('button'), document.createElement('li')];
  const [time, code] = [document.createElement('span'), document.createElement('code')];
  button.dataset.at = String(playedMs);
  time.textContent = clockText(atMs);
  code.textContent = line;
  button.append(time, ' ', code);
  item.append(button);
  return item;
}

/** @param {number} ms */
function clockText(ms) {
  const seconds = Math.floor(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** @param {string} id */
function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}
