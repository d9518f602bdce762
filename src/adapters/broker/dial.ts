/** Connects to the first address that answers. Given addresses, never names: nothing is resolved here. */
import { connect, isIP, type Socket } from 'node:net';
import type { Clock } from '../../ports/clock.ts';
import { inTime } from './in-time.ts';

/** Begins to connect. The socket must allow half-open connections. */
export type Dial = (to: { readonly address: string; readonly port: number }) => Socket;

export const systemDial: Dial = ({ address, port }) =>
  connect({
    host: address,
    port,
    family: isIP(address),
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
  });

export type NotConnected = {
  readonly why: string;
  /** Whether the last address just did not answer. */
  readonly late: boolean;
};

/**
 * Gives a connected socket, or says why there is none. Whatever it began is destroyed with the client: who destroys the
 * client need not know how far this had got.
 */
export async function dialFirst(
  { dial, clock, connectMs }: { readonly dial: Dial; readonly clock: Clock; readonly connectMs: number },
  client: Socket,
  addresses: readonly string[],
  port: number,
): Promise<Socket | NotConnected> {
  let failed: NotConnected = { why: 'no address', late: false };
  for (const address of addresses) {
    if (client.destroyed) break;
    const server = dial({ address, port });
    const letGo = (): void => void server.destroy();
    client.once('close', letGo);
    const outcome = await inTime(clock, connectMs, connected(server));
    client.off('close', letGo);
    if (outcome === 'connected' && !client.destroyed) return server;
    server.destroy();
    const late = outcome === 'late';
    failed = { why: late ? `no answer within ${connectMs / 1000} s` : outcome, late };
  }
  return failed;
}

function connected(server: Socket): Promise<string> {
  return new Promise((resolve) => {
    server.once('connect', () => resolve('connected'));
    // Stays for the socket's whole life: an error that nobody listens to would end the process.
    server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.once('close', () => resolve('it was closed'));
  });
}
