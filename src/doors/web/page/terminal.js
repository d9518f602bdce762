/**
 * The terminal in the browser: xterm.js on a WebSocket. It reconnects to the same session after a reload or a lost
 * connection, tells the server how much the screen has taken, and shows why a session is over.
 */
import { openScreen } from './screen.js';

/** Bytes that a page may paste at once: more belongs in a file. */
const pasteMax = 1024 * 1024;
/** Typed text goes out in pieces; the server takes no message of more than 64 KiB. */
const pieceLength = 16 * 1024;
/** Typed bytes that may be on their way to the shell: with more, what is shown could not be acknowledged any more. */
const typingMax = 128 * 1024;
/** How much the screen takes before the server hears of it. */
const takenStep = 64 * 1024;
const reconnectMs = [500, 1_000, 2_000, 5_000];

const root = byId('terminal');
const writes = root.dataset.writes === 'yes';
const { terminal, search, scale, ownSize, take } = openScreen(byId('screen'), writes);

/** @type {WebSocket | undefined} */
let socket;
let over = false;
/** The session whose terminal is on the screen. */
let shown = '';
let failures = 0;
let taken = 0;
/** Milliseconds by which the server's clock is ahead of ours. */
let ahead = 0;
let endsAt = 0;

/** Each tab has its session, which a reload finds again. */
const key = `session ${root.dataset.socket}`;
if (root.dataset.session) {
  sessionStorage.setItem(key, root.dataset.session);
  // Once: a reload after this one's end is to open another.
  history.replaceState(null, '', location.pathname);
}

function connect() {
  const url = new URL(root.dataset.socket ?? '', location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  if (writes) {
    const { cols, rows } = ownSize();
    url.searchParams.set('cols', String(cols));
    url.searchParams.set('rows', String(rows));
    const session = sessionStorage.getItem(key);
    if (session !== null) url.searchParams.set('session', session);
  }
  socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onmessage = ({ data }) => {
    if (typeof data === 'string') hear(JSON.parse(data));
    else terminal.write(new Uint8Array(data), () => tookIn(data.byteLength));
  };
  socket.onclose = () => {
    if (over) return;
    const wait = reconnectMs[Math.min(failures, reconnectMs.length - 1)] ?? 5_000;
    failures += 1;
    say('connection lost; reconnecting…');
    setTimeout(connect, wait);
  };
}

/** @param {number} bytes */
function tookIn(bytes) {
  taken += bytes;
  if (taken < takenStep) return;
  send({ type: 'taken', bytes: taken });
  taken = 0;
}

/** @param {any} news */
function hear(news) {
  switch (news.type) {
    case 'session':
      failures = 0;
      taken = 0;
      untyped = [];
      typing = 0;
      // In line with what is still to be drawn, or that would come after it.
      terminal.write(shown === '' || shown === news.id ? startAnew : leftAlone());
      if (news.lost) terminal.write(`── ${plain(news.lost)}\r\n\r\n`);
      shown = news.id;
      if (writes) sessionStorage.setItem(key, news.id);
      endsAt = news.endsAt;
      ahead = news.now - Date.now();
      say(writes ? 'recorded' : 'watching');
      askForSize();
      if (writes) terminal.focus();
      break;
    case 'size':
      // What came before it was shown in the size before.
      terminal.write('', () => take(news.cols, news.rows));
      break;
    case 'typed':
      typing -= news.bytes;
      sendTyped();
      break;
    case 'watched':
      byId('watched').textContent = news.names.length === 0 ? '' : `watched by ${news.names.join(', ')}`;
      break;
    case 'blocked':
      tellBlocked(news.line);
      break;
    case 'ends':
      endsAt = news.endsAt;
      break;
    case 'over':
      finish(news);
      break;
  }
}

/** What was shown before comes again. */
const startAnew = '\x1bc';
/** What was shown stays, as far as it can; what programs had set, such as the mouse, does not. */
function leftAlone() {
  // Leaving the other screen also moves the cursor to where it was before; with none to leave it must not.
  const screens = terminal.buffer.active.type === 'alternate' ? '\x1b[?1049l' : '';
  return `${screens}\x1b[!p\x1b[?1000;1002;1003;1006;2004l\x1b[0m\r\n`;
}

/** Nothing here is live any more, and one way leads on. @param {{ why: string, again: boolean, refused?: boolean }} end */
function finish({ why, again, refused }) {
  over = true;
  // The session of one who was signed out goes on, and is found again when they are back.
  if (!refused) sessionStorage.removeItem(key);
  say(refused ? why : `over: ${why}`);
  for (const id of ['left', 'watched', 'blocked']) byId(id).textContent = '';
  root.classList.add('over');
  terminal.options.disableStdin = true;
  terminal.write(`\r\n\x1b[7m ${plain(why)} \x1b[0m\x1b[?25l\r\n`);
  const access = root.dataset.access ?? '/';
  const next = document.createElement('a');
  next.className = 'button';
  if (writes && again) [next.href, next.textContent] = [`${access}/terminal`, 'Open a new terminal'];
  else if (shown !== '' && !refused)
    [next.href, next.textContent] = [`${access}/sessions/${shown}`, 'Replay'];
  else [next.href, next.textContent] = [access, 'The access'];
  byId('next').replaceChildren(next);
}

/** Without what could steer the terminal. @param {string} text */
function plain(text) {
  return text.replace(/\p{Cc}/gu, '');
}

/** The session has one size: that of the window that who writes looks at. A hidden one asks when it is shown. */
function askForSize() {
  if (writes && document.visibilityState === 'visible') send({ type: 'resize', ...ownSize() });
}

const blockedShownMs = 10_000;
let blockedTimer = 0;

/** @param {string} line */
function tellBlocked(line) {
  byId('blocked').textContent = line;
  clearTimeout(blockedTimer);
  blockedTimer = setTimeout(() => byId('blocked').replaceChildren(), blockedShownMs);
}

/** @param {object} news */
function send(news) {
  if (writes || 'bytes' in news) if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(news));
}

/** @type {Uint8Array<ArrayBuffer>[]} What waits until the shell has taken more of what was sent. */
let untyped = [];
let typing = 0;

const encoder = new TextEncoder();
/** @param {Uint8Array<ArrayBuffer>} bytes */
function type(bytes) {
  if (socket?.readyState !== WebSocket.OPEN) return;
  const waiting = untyped.reduce((sum, { length }) => sum + length, 0);
  if (waiting + bytes.length > pasteMax)
    return say(`too much at once: ${Math.round((waiting + bytes.length) / 1024)} KiB, at most 1024 KiB`);
  for (let at = 0; at < bytes.length; at += pieceLength) untyped.push(bytes.subarray(at, at + pieceLength));
  sendTyped();
}

function sendTyped() {
  while (typing < typingMax && socket?.readyState === WebSocket.OPEN) {
    const piece = untyped.shift();
    if (piece === undefined) return;
    typing += piece.length;
    socket.send(piece);
  }
}

if (writes) {
  terminal.onData((text) => type(new Uint8Array(encoder.encode(text))));
  terminal.onBinary((text) => type(Uint8Array.from(text, (character) => character.charCodeAt(0))));
}
addEventListener('focus', askForSize);
document.addEventListener('visibilitychange', askForSize);
new ResizeObserver(() => {
  scale();
  askForSize();
}).observe(byId('screen'), { box: 'border-box' });

// Ctrl+Shift+C copies what is selected; pasting is the browser's own.
terminal.attachCustomKeyEventHandler((event) => {
  if (event.type !== 'keydown' || !event.ctrlKey || !event.shiftKey) return true;
  if (event.code === 'KeyC') {
    void navigator.clipboard?.writeText(terminal.getSelection());
    return false;
  }
  if (event.code === 'KeyF') {
    document.getElementById('search')?.focus();
    return false;
  }
  return event.code !== 'KeyV';
});
document.getElementById('search')?.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') terminal.focus();
  if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement)) return;
  event.preventDefault();
  if (event.shiftKey) search.findPrevious(event.target.value);
  else search.findNext(event.target.value);
});

setInterval(() => {
  if (over || endsAt === 0) return;
  const seconds = Math.max(0, Math.round((endsAt - Date.now() - ahead) / 1_000));
  const [minutes, rest] = [Math.floor(seconds / 60), String(seconds % 60).padStart(2, '0')];
  byId('left').textContent = `${minutes}:${rest} left`;
  byId('left').classList.toggle('soon', seconds < 60);
}, 500);

/** @param {string} text */
function say(text) {
  byId('state').textContent = text;
}

/** @param {string} id */
function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

connect();
