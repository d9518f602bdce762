/**
 * The page and its few endpoints, on the Slack look-alike's own origin. Files are those that lie in page/ at the start
 * and no others; nothing on the page comes from elsewhere, and what changes something is taken from this page only.
 */
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { isForeign } from '../slack/local-http.ts';
import { viewWorld } from '../world-view.ts';
import { emptyRedis } from './empty-redis.ts';
import { killBot } from './kill-bot.ts';
import type { Parts } from './parts.ts';
import { tamper } from './tamper.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const headers = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

const folder = new URL('../page/', import.meta.url);

type File = { readonly type: string; readonly body: Buffer };

async function readFiles(): Promise<ReadonlyMap<string, File>> {
  const names = (await readdir(folder)).filter((name) => extname(name) in types);
  const files = await Promise.all(
    names.map(async (name): Promise<[string, File]> => {
      const body = await readFile(new URL(name, folder));
      return [name === 'index.html' ? '/' : `/${name}`, { type: types[extname(name)] ?? '', body }];
    }),
  );
  return new Map(files);
}

const stories = {
  '/playground/kill-bot': { title: 'Kill the bot', tale: killBot },
  '/playground/empty-redis': { title: 'Empty Redis', tale: emptyRedis },
  '/playground/tamper': { title: 'Tamper with the trail', tale: tamper },
} as const;

export type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** `parts` gives undefined until all of them stand. */
export async function openPages(parts: () => Parts | undefined): Promise<Answer> {
  const files = await readFiles();
  return async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const finish = (status: number, type: string, body: string | Buffer): true => {
      response.writeHead(status, { ...headers, 'content-type': type }).end(body);
      return true;
    };
    const json = (status: number, body: unknown): true =>
      finish(status, 'application/json; charset=utf-8', JSON.stringify(body));

    const file = files.get(pathname);
    if (file !== undefined && request.method === 'GET') return finish(200, file.type, file.body);
    if (!pathname.startsWith('/playground/')) return false;
    // A name that somebody else's DNS points at this machine is not this page.
    if (isForeign(request) || !isLocal(request.headers.host)) return json(403, { error: 'foreign origin' });
    const running = parts();
    if (running === undefined) return json(503, { error: 'still starting' });
    if (pathname === '/playground/world' && request.method === 'GET')
      return json(200, await viewWorld(running));
    const story = Object.hasOwn(stories, pathname) ? stories[pathname as keyof typeof stories] : undefined;
    if (story === undefined) return json(404, { error: 'no such page' });
    if (request.method !== 'POST') return json(405, { error: 'POST only' });
    const begun = running.teller.begin(story.title, story.tale(running));
    return begun ? json(202, {}) : json(409, { error: 'another story is still being told' });
  };
}

function isLocal(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host ?? '');
}
