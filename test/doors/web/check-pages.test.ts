/** What `doctor` sees of the pages from outside: this bot behind PUBLIC_URL, another, or none. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { checkPages } from '../../../src/doors/web/check-pages.ts';
import { passOn, type Standing, serving } from '../../support/pass-on.ts';
import { freePort } from '../../support/redis-server.ts';

const clientId = '123.456';

/** What a bot shows to somebody without a cookie; how the real one does is in the stories of `doctor`. */
async function botAt(back: (url: string) => string): Promise<Standing & { readonly origins: string[] }> {
  const origins: string[] = [];
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer(({ url: path }, response) => {
    if (path === '/healthz') return void response.end('alive\n');
    const sent = new URLSearchParams({ client_id: clientId, redirect_uri: `${back(url)}/sign-in/callback` });
    response.writeHead(303, { location: `https://slack.example/openid/connect/authorize?${sent}` }).end();
  });
  server.on('upgrade', (request, stream, head) => {
    origins.push(`${request.url} ${request.headers.origin}`);
    sockets.handleUpgrade(request, stream, head, (socket) => socket.close());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    port,
    url,
    origins,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function seen(publicUrl: string, port: number): Promise<readonly string[]> {
  const findings = await checkPages({ publicUrl, port, clientId });
  for (const { ok, remedy } of findings) expect(ok || /\S/.test(remedy ?? '')).toBe(true);
  return findings.map(({ check, ok, says }) => `${ok ? 'ok' : 'wrong'} ${check}: ${says}`);
}

const registered = (publicUrl: string): string =>
  `ok redirect URL: what must stand in your Slack app's settings, to the letter, is ${publicUrl}/sign-in/callback`;

it('all is well where PUBLIC_URL leads to this bot and its terminals', async () => {
  await using bot = await botAt((url) => url);
  expect(await seen(bot.url, bot.port)).toEqual([
    registered(bot.url),
    `ok PUBLIC_URL: ${bot.url} leads to this bot`,
    'ok terminals: WebSockets get through',
  ]);
  expect(bot.origins).toEqual([`/accesses/acc_aaaaaaaaaaaaaaaa/socket ${bot.url}`]);
});

it('a bot that does not run is no fault, and neither is somebody else at its port', async () => {
  const port = await freePort();
  const says = (at: number): string =>
    `ok PUBLIC_URL: https://access.example.com, not tried: no bot answers on port ${at} of this host`;
  expect((await seen('https://access.example.com', port))[1]).toBe(says(port));
  await using other = await serving((_, response) => void response.end('hello'));
  expect((await seen('https://access.example.com', other.port))[1]).toBe(says(other.port));
});

it('nobody, or somebody else, behind PUBLIC_URL is found', async () => {
  await using bot = await botAt((url) => url);
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  expect(await seen(nowhere, bot.port)).toEqual([
    registered(nowhere),
    `wrong PUBLIC_URL: ${nowhere} does not answer this host: ECONNREFUSED`,
  ]);
  const answers = [
    [404, undefined],
    [200, undefined],
    [303, 'https://idp.example/login?client_id=1'],
    [303, '/login'],
    [302, `https://slack.example/?client_id=${clientId}&redirect_uri=x`],
  ] as const;
  for (const [status, location] of answers) {
    await using other = await serving((_, response) => {
      response.writeHead(status, location === undefined ? {} : { location }).end();
    });
    expect((await seen(other.url, bot.port))[1]).toBe(
      `wrong PUBLIC_URL: ${other.url} answers ${status}, not as this bot does`,
    );
  }
});

it('a bot that was started with another PUBLIC_URL is found', async () => {
  await using bot = await botAt(() => 'https://access.example.com');
  expect((await seen(bot.url, bot.port))[1]).toBe(
    'wrong PUBLIC_URL: the bot there sends people to https://access.example.com/sign-in/callback',
  );
});

it('a proxy that passes pages and no terminals is found', async () => {
  let url = '';
  await using bot = await botAt(() => url);
  await using proxy = await serving(passOn(bot.url));
  url = proxy.url;
  expect((await seen(proxy.url, bot.port)).slice(1)).toEqual([
    `ok PUBLIC_URL: ${proxy.url} leads to this bot`,
    'wrong terminals: a WebSocket is answered with 303',
  ]);
  expect(bot.origins).toEqual([]);
});
