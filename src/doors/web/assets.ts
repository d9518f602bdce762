/** The files that pages load, read once and named here: no path of a request ever reaches the disk. */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { securityHeaders } from './answers.ts';

const { resolve } = createRequire(import.meta.url);
const own = (name: string) => () => fileURLToPath(new URL(`page/${name}`, import.meta.url));
const from = (path: string) => () => resolve(path);

const files: Readonly<Record<string, () => string>> = {
  'pages.css': own('pages.css'),
  'session-pages.css': own('session-pages.css'),
  'icon.svg': own('icon.svg'),
  'terminal.js': own('terminal.js'),
  'screen.js': own('screen.js'),
  'replay.js': own('replay.js'),
  'page.js': own('page.js'),
  'xterm.js': from('@xterm/xterm/lib/xterm.mjs'),
  'xterm.css': from('@xterm/xterm/css/xterm.css'),
  'addon-fit.js': from('@xterm/addon-fit/lib/addon-fit.mjs'),
  'addon-search.js': from('@xterm/addon-search/lib/addon-search.mjs'),
  'addon-web-links.js': from('@xterm/addon-web-links/lib/addon-web-links.mjs'),
  'player.js': from('asciinema-player/dist/bundle/asciinema-player.min.js'),
  'player.css': from('asciinema-player/dist/bundle/asciinema-player.css'),
};

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const read = new Map<string, Buffer>();

/** Whether there is such an asset; then it was sent. */
export function sendAsset(request: IncomingMessage, response: ServerResponse, name: string): boolean {
  const locate = Object.hasOwn(files, name) ? files[name] : undefined;
  if (locate === undefined) return false;
  const content = read.get(name) ?? readFileSync(locate());
  read.set(name, content);
  response.writeHead(200, {
    ...securityHeaders(),
    'content-type': types[extname(name)] ?? 'application/octet-stream',
    'cache-control': 'private, max-age=300',
  });
  response.end(request.method === 'HEAD' ? undefined : content);
  return true;
}
