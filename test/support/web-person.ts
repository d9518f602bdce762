/** A person with a browser of sorts: cookies, Sign in with Slack, pages and terminals of a bot in a world. */
import { once } from 'node:events';
import { vi } from 'vitest';
import { WebSocket } from 'ws';
import type { World } from './world.ts';

export type Page = { readonly status: number; readonly text: string; readonly headers: Headers };

export type WebTerminal = {
  /** The server's news, oldest first. */
  readonly news: readonly { readonly type: string; readonly [key: string]: unknown }[];
  readonly shown: () => string;
  type(text: string): void;
  send(data: string | Buffer): void;
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** Waits for news of a kind. */
  untilNews(type: string, timeoutMs?: number): Promise<Readonly<Record<string, unknown>>>;
  readonly closed: Promise<number>;
  close(): void;
};

export type WebPerson = {
  get(path: string): Promise<Page>;
  /** Presses a button of a form without fields. */
  post(path: string, headers?: Readonly<Record<string, string>>): Promise<Page>;
  /** Sends a form, as a page of the bot's would. */
  submit(path: string, fields: Readonly<Record<string, string>>): Promise<Response>;
  /** Signs in as the person and gives the page that the browser ends on. */
  signIn(path?: string): Promise<Page>;
  terminal(path: string, headers?: Readonly<Record<string, string>>): WebTerminal;
  readonly cookies: Map<string, string>;
};

export function webPerson(world: World, port: number, person: string): WebPerson {
  const origin = `http://127.0.0.1:${port}`;
  const cookies = new Map<string, string>();
  const cookie = (): string => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');

  async function fetchOne(url: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(url, {
      redirect: 'manual',
      ...init,
      headers: { cookie: cookie(), ...(init.headers as Record<string, string>) },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  }

  async function page(response: Response): Promise<Page> {
    return { status: response.status, text: await response.text(), headers: response.headers };
  }

  const get = async (path: string): Promise<Page> => page(await fetchOne(new URL(path, origin).href));

  return {
    cookies,
    get,
    post: async (path, headers = { origin }) =>
      page(
        await fetchOne(new URL(path, origin).href, { method: 'POST', headers, body: new URLSearchParams() }),
      ),
    submit: (path, fields) =>
      fetchOne(new URL(path, origin).href, {
        method: 'POST',
        headers: { origin },
        body: new URLSearchParams(fields),
      }),
    signIn: async (path = '/') => {
      const sent = await get(path);
      const authorize = sent.headers.get('location') ?? '';
      const back = await world.slack.signIn(authorize, person);
      const landed = await get(back);
      const onward = landed.headers.get('location');
      return onward === null ? landed : get(onward);
    },
    terminal: (path, headers = { origin }) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, {
        headers: { cookie: cookie(), ...headers },
      });
      const news: WebTerminal['news'][number][] = [];
      let shown = '';
      socket.on('message', (data: Buffer, isBinary) => {
        if (!isBinary) return void news.push(JSON.parse(data.toString()));
        shown += data.toString();
        socket.send(JSON.stringify({ type: 'taken', bytes: data.length }));
      });
      socket.on('error', () => {});
      const opened = once(socket, 'open');
      opened.catch(() => {});
      const send = (data: string | Buffer): void => void opened.then(() => socket.send(data));
      return {
        news,
        shown: () => shown,
        send,
        type: (text) => send(Buffer.from(text)),
        until: (pattern) =>
          vi.waitFor(
            () => {
              const match = pattern.exec(shown);
              if (match === null)
                throw new Error(
                  `${pattern} was not shown: ${JSON.stringify(shown.slice(-400))} ${JSON.stringify(news)}`,
                );
              return match;
            },
            { timeout: 20_000, interval: 10 },
          ),
        untilNews: (type, timeout = 20_000) =>
          vi.waitFor(
            () => {
              const found = news.findLast((each) => each.type === type);
              if (found === undefined) throw new Error(`no news of ${type}: ${JSON.stringify(news)}`);
              return found;
            },
            { timeout, interval: 10 },
          ),
        closed: new Promise((resolve) => socket.once('close', (code) => resolve(code))),
        close: () => socket.close(),
      };
    },
  };
}
