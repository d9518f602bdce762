/** Small HTTP servers of tests, and one that stands before another as a proxy does, but passes no upgrades. */
import { once } from 'node:events';
import { createServer, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Standing = AsyncDisposable & { readonly url: string; readonly port: number };

export async function serving(answer: RequestListener): Promise<Standing> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export function passOn(to: string): RequestListener {
  return (incoming, response) => {
    const { method, url, headers } = incoming;
    const { connection: _, upgrade: __, ...plain } = headers;
    const asked = request(`${to}${url}`, { method, headers: plain }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asked.on('error', () => response.destroy());
    incoming.pipe(asked);
  };
}
