/** HTTP around the look-alike: loopback only, whole bodies, three doors. Knows nothing of AWS. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { ConnectionReset } from './faults.ts';
import type { Answer } from './handle-call.ts';
import type { SignedRequest } from './sigv4.ts';

export type Doors = {
  query(request: SignedRequest, sourceIp: string): Answer;
  data(request: SignedRequest, sourceIp: string): Answer;
  control(command: string, body: string): Answer;
};

export async function listen(port: number, doors: Doors): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    answer(incoming, doors).then(
      (given) => send(outgoing, given),
      (error: unknown) => {
        if (error instanceof ConnectionReset) incoming.socket.destroy();
        else
          send(outgoing, {
            status: 500,
            contentType: 'text/plain',
            body: `A bug in the look-alike: ${error}`,
          });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(incoming: IncomingMessage, doors: Doors): Promise<Answer> {
  const { method = '', url: target = '/' } = incoming;
  const body = await buffer(incoming);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  );
  const request = { method, target, headers, body };
  const sourceIp = incoming.socket.remoteAddress ?? '';
  const [, command] = /^\/_control\/([\w-]+)$/.exec(target) ?? [];
  if (method !== 'POST') return { status: 405, contentType: 'text/plain', body: 'POST only' };
  if (command !== undefined) return doors.control(command, body.toString());
  return target === '/data' ? doors.data(request, sourceIp) : doors.query(request, sourceIp);
}

function send(outgoing: ServerResponse, { status, contentType, body }: Answer): void {
  outgoing.writeHead(status, { 'content-type': contentType }).end(body);
}
