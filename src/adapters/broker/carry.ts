/**
 * Carries bytes between a client and a server until the connection ends, and says how it ended. Whichever side does not
 * take its bytes makes the other wait. Both sockets are destroyed when it resolves. A server that was cut off sees a
 * reset, never an end that it could take for the client's own.
 */
import type { Socket } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Carried } from '../../ports/brokers.ts';
import type { Bounds } from './bounds.ts';

export type CarryBounds = Pick<Bounds, 'bytes' | 'idleMs' | 'halfClosedMs'>;

/** Both sockets must allow half-open connections. `cut` gives the reason where the broker itself destroyed the client. */
export async function carry(
  client: Socket,
  server: Socket,
  bounds: CarryBounds,
  cut: () => string | undefined,
): Promise<Omit<Carried, 'seconds'>> {
  const count = { out: 0, in: 0 };
  let why: string | undefined;
  const because = (reason: string): void => {
    why ??= reason;
  };
  const meter = (way: 'out' | 'in'): Transform =>
    new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        if (count.out + count.in + chunk.length > bounds.bytes) {
          because(`more than ${bounds.bytes} bytes`);
          server.resetAndDestroy();
          done(new Error('over the bound'));
          return;
        }
        count[way] += chunk.length;
        done(null, chunk);
      },
    });
  for (const [socket, side] of [
    [client, 'client'],
    [server, 'server'],
  ] as const) {
    socket.once('end', () => {
      because(`closed by the ${side}`);
      client.setTimeout(Math.min(bounds.idleMs, bounds.halfClosedMs));
    });
    socket.once('error', (error: NodeJS.ErrnoException) => because(`${failure(error)} by the ${side}`));
  }
  client.once('close', () => {
    if (!client.readableEnded || !client.writableFinished) server.resetAndDestroy();
  });
  // Whatever passes, in either direction, passes through the client's socket.
  client.setTimeout(bounds.idleMs, () => {
    because('idle for too long');
    client.destroy();
  });
  try {
    await Promise.all([pipeline(client, meter('out'), server), pipeline(server, meter('in'), client)]);
  } catch {
    why = cut() ?? why ?? 'cut';
  } finally {
    client.destroy();
    server.destroy();
  }
  return { bytesOut: count.out, bytesIn: count.in, why: why ?? 'closed' };
}

function failure({ code, message }: NodeJS.ErrnoException): string {
  return code === 'ECONNRESET' || code === 'EPIPE' ? 'reset' : `failed (${code ?? message})`;
}
