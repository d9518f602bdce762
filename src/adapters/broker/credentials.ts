/**
 * The container-credentials endpoint that AWS SDKs read (AWS_CONTAINER_CREDENTIALS_FULL_URI), one request a connection.
 * Why credentials could not be had stands in the log; what the sandbox is told of it holds nothing from outside.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Credentials } from '../../ports/grants.ts';
import { inTime } from './in-time.ts';
import { vendedOnce } from './vended.ts';
import type { WayOut } from './way-out.ts';

const connectionsMax = 32;

export function credentialsServer(way: WayOut, token: string): Server {
  const expected = digest(token);
  const vend = vendedOnce(way.clock, async () => await way.told.vend());
  const server = createServer(
    {
      maxHeaderSize: 8 * 1024,
      headersTimeout: way.bounds.firstBytesMs,
      requestTimeout: way.bounds.firstBytesMs,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => void answer(request, response),
  );
  server.maxConnections = connectionsMax;
  server.maxRequestsPerSocket = 1;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    if (request.url !== '/credentials') return say(response, 404, 'Only /credentials is here.');
    if (request.method !== 'GET') return say(response, 405, 'Only GET is allowed.');
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected))
      return say(response, 401, 'The token of this sandbox is missing: AWS_CONTAINER_AUTHORIZATION_TOKEN.');
    const set = await inTime(way.clock, way.bounds.confirmMs, vend()).catch((err: unknown) => {
      way.log.warn({ access: way.access, err }, 'no credentials could be vended');
      return undefined;
    });
    if (set === undefined || set === 'late')
      return say(response, 503, 'No credentials could be had just now. Try again in a few seconds.');
    say(response, 200, JSON.stringify(forSdk(set)), 'application/json');
  }
  return server;
}

function forSdk({ accessKeyId, secretAccessKey, sessionToken, expiresAt }: Credentials): unknown {
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration: new Date(expiresAt).toISOString(),
  };
}

function say(response: ServerResponse, status: number, body: string, type = 'text/plain'): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    connection: 'close',
    ...(status === 405 ? { allow: 'GET' } : {}),
  });
  response.end(type === 'text/plain' ? `${body}\n` : body);
}

/** Of one length, whatever the token's. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
