/** A broker on real sockets, a flow that writes down what it is told, and servers on the loopback to be let out to. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { vi } from 'vitest';
import type { Bounds } from '../../../src/adapters/broker/bounds.ts';
import { type Dial, systemDial } from '../../../src/adapters/broker/dial.ts';
import type { Lookup } from '../../../src/adapters/broker/find-addresses.ts';
import { hostBrokers } from '../../../src/adapters/broker/host-brokers.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import type {
  Blocked,
  Broker,
  BrokerSpec,
  BrokerTold,
  Carried,
  Connection,
} from '../../../src/ports/brokers.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { newAccess } from '../../contract/sandboxes.ts';

export const token = 'a-token-of-this-sandbox-only';

export type Told = {
  readonly opened: Connection[];
  readonly closed: { readonly connection: Connection; readonly carried: Carried }[];
  readonly blocked: Blocked[];
  readonly vended: number[];
};

export type GroundOptions = {
  readonly spec?: Partial<BrokerSpec>;
  readonly bounds?: Partial<Bounds>;
  readonly told?: Partial<BrokerTold>;
  readonly clock?: Clock;
  readonly lookup?: Lookup;
  readonly dial?: Dial;
  readonly ownAddresses?: () => readonly string[];
};

export type Ground = AsyncDisposable & {
  readonly broker: Broker;
  readonly dir: string;
  readonly told: Told;
  readonly logged: unknown[];
  /** Every address and port that was dialled. */
  readonly dialled: string[];
  knock(socket: string): Socket;
  until(look: () => void): Promise<void>;
};

export async function ground(options: GroundOptions = {}): Promise<Ground> {
  const dir = options.spec?.sockets?.dir ?? mkdtempSync(join(tmpdir(), 'broker-'));
  const told: Told = { opened: [], closed: [], blocked: [], vended: [] };
  const logged: unknown[] = [];
  const dialled: string[] = [];
  const dial = options.dial ?? systemDial;
  const clock = options.clock ?? systemClock;
  const knocking = new Set<Socket>();
  const log = (...said: unknown[]): void => void logged.push(said);
  const brokers = hostBrokers({
    clock,
    log: { warn: log, error: log },
    bounds: options.bounds ?? {},
    lookup: options.lookup ?? (async () => ['93.184.216.34']),
    ownAddresses: options.ownAddresses ?? (() => []),
    dial: (to) => {
      dialled.push(`${to.address} ${to.port}`);
      return dial(to);
    },
  });
  const broker = await brokers.open(
    {
      access: newAccess(),
      sockets: { dir, gid: process.getgid?.() ?? 0 },
      egress: [],
      forwards: [],
      credentialsToken: token,
      ...options.spec,
    },
    {
      opened: async (connection) => {
        await options.told?.opened?.(connection);
        told.opened.push(connection);
      },
      closed: async (connection, carried) => {
        await options.told?.closed?.(connection, carried);
        told.closed.push({ connection, carried });
      },
      blocked: async (blocked) => {
        await options.told?.blocked?.(blocked);
        told.blocked.push(blocked);
      },
      vend: async () => {
        told.vended.push(clock.now());
        if (options.told?.vend !== undefined) return await options.told.vend();
        return {
          accessKeyId: 'ASIAEXAMPLE',
          secretAccessKey: 'secret',
          sessionToken: 'session',
          expiresAt: clock.now() + 900_000,
        };
      },
    },
  );
  return {
    broker,
    dir,
    told,
    logged,
    dialled,
    knock: (socket) => {
      const client = connect({ path: join(dir, socket), allowHalfOpen: true });
      client.on('error', () => undefined);
      knocking.add(client);
      client.once('close', () => knocking.delete(client));
      return client;
    },
    until: (look) => vi.waitFor(look, { timeout: 8_000, interval: 5 }),
    [Symbol.asyncDispose]: async () => {
      for (const client of knocking) client.destroy();
      await broker.close('the test is over');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A forward to a port of the loopback, spelled as the one exception allows it. */
export const loopbackForward = (name: string, port: number) => ({
  name,
  listen: 5432,
  to: { host: '127.0.0.1', port },
  private: true,
});

/** Dials this port of the loopback, whatever address it is given: the judged addresses are public ones. */
export const dialTo =
  (port: number): Dial =>
  () =>
    systemDial({ address: '127.0.0.1', port });

export type Upstream = AsyncDisposable & { readonly port: number; readonly sockets: Set<Socket> };

/** A server on the loopback. Half-open connections stay so. */
export async function upstream(serve: (socket: Socket) => void, server?: Server): Promise<Upstream> {
  const sockets = new Set<Socket>();
  const listening = server ?? createServer({ allowHalfOpen: true });
  listening.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    serve(socket);
  });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const address = listening.address();
  if (address === null || typeof address === 'string') throw new TypeError('a port was asked for');
  return {
    port: address.port,
    sockets,
    [Symbol.asyncDispose]: async () => {
      const closed = once(listening, 'close');
      listening.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export const echo = (socket: Socket): void => void socket.pipe(socket);

/** The head of the proxy's answer; what follows stays in the socket. */
export async function askProxy(client: Socket, request: string): Promise<string> {
  client.write(request);
  let head = Buffer.alloc(0);
  for (;;) {
    const chunk: Buffer | null = client.read();
    if (chunk === null) {
      if (client.readableEnded || client.destroyed) return head.toString();
      await Promise.race([once(client, 'readable'), once(client, 'end'), once(client, 'close')]).catch(
        () => undefined,
      );
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) continue;
    client.unshift(head.subarray(end + 4));
    return head.toString('latin1', 0, end);
  }
}

export const connectRequest = (to: string): string => `CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n\r\n`;

/** Everything that still comes; empty where it was cut. */
export async function restOf(client: Socket): Promise<string> {
  return await text(client).catch(() => '');
}
