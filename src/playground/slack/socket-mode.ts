/**
 * Socket Mode: WebSockets that the app opens with a one-time ticket, over which interactions travel as envelopes and
 * come back acknowledged by envelope id. With several connections each envelope goes to one of them in turn.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Watchers } from './changes.ts';
import { type DeliveryKind, isObject, type JsonObject } from './wire.ts';

const pingEveryMs = 10_000;
const closeWithinMs = 1_000;
const types: Readonly<Record<DeliveryKind, string>> = {
  command: 'slash_commands',
  interactive: 'interactive',
  event: 'events_api',
};

export type Envelope = {
  readonly envelope_id: string;
  readonly type: string;
  readonly payload: JsonObject;
  readonly accepts_response_payload: boolean;
};

export type SocketMode = {
  /** The path and query for one connection. */
  readonly issuePath: () => string;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly connections: () => number;
  readonly envelope: (kind: DeliveryKind, payload: JsonObject, id?: string) => Envelope;
  /** Sends and waits for the acknowledgement's payload; `undefined` where it had none. */
  readonly send: (envelope: Envelope, timeoutMs: number) => Promise<unknown>;
  /** Tells the app to reconnect, as Slack does when it recycles a connection. */
  readonly disconnect: (reason: string) => void;
  /** Cuts every connection without a word. */
  readonly cut: () => void;
  /** Closes every connection properly; those that do not answer are cut. */
  readonly close: () => Promise<void>;
};

export function createSocketMode(appId: string, watchers: Watchers): SocketMode {
  const server = new WebSocketServer({ noServer: true });
  const tickets = new Set<string>();
  const open: WebSocket[] = [];
  const waiting = new Map<string, (payload: unknown) => void>();
  let turn = 0;

  const welcome = (socket: WebSocket): void => {
    open.push(socket);
    const ping = setInterval(() => socket.ping('look-alike'), pingEveryMs);
    ping.unref();
    socket.on('message', (data) => hear(String(data)));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      clearInterval(ping);
      const at = open.indexOf(socket);
      if (at >= 0) open.splice(at, 1);
      watchers.tell({ kind: 'socket', what: 'disconnected' });
    });
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: open.length,
        debug_info: { host: 'look-alike', approximate_connection_time: 18_060 },
        connection_info: { app_id: appId },
      }),
    );
    watchers.tell({ kind: 'socket', what: 'connected' });
  };

  const hear = (text: string): void => {
    const message = parse(text);
    if (!isObject(message) || typeof message.envelope_id !== 'string') return;
    const { payload } = message;
    const empty = payload === undefined || (isObject(payload) && Object.keys(payload).length === 0);
    waiting.get(message.envelope_id)?.(empty ? undefined : payload);
  };

  return {
    issuePath: () => {
      const ticket = randomBytes(16).toString('hex');
      tickets.add(ticket);
      return `/link/?ticket=${ticket}&app_id=${appId}`;
    },
    upgrade: (request, socket, head) => {
      const ticket = new URL(request.url ?? '/', 'http://look-alike').searchParams.get('ticket') ?? '';
      if (!tickets.delete(ticket)) return void socket.destroy();
      server.handleUpgrade(request, socket, head, welcome);
    },
    connections: () => open.length,
    envelope: (kind, payload, id = randomUUID()) => ({
      envelope_id: id,
      type: types[kind],
      payload,
      accepts_response_payload: kind !== 'event',
    }),
    send: async (envelope, timeoutMs) => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      const timer = setTimeout(() => resolve('timeout'), timeoutMs);
      waiting.set(envelope.envelope_id, resolve);
      turn += 1;
      open[turn % open.length]?.send(JSON.stringify(envelope));
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        waiting.delete(envelope.envelope_id);
      }
    },
    disconnect: (reason) => {
      const word = JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'look-alike' } });
      for (const socket of open) socket.send(word);
    },
    cut: () => {
      for (const socket of [...open]) socket.terminate();
    },
    close: async () => {
      const closings = [...open].map(async (socket) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = setTimeout(() => socket.terminate(), closeWithinMs);
        socket.on('close', () => resolve());
        socket.close(1001);
        await promise;
        clearTimeout(timer);
      });
      await Promise.all(closings);
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
