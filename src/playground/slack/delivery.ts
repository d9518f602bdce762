/**
 * From Slack to the app: one interaction goes over Socket Mode where the app is connected, else as signed HTTP to its
 * request URL, and must be acknowledged in time. No interaction is ever sent twice by itself, as in Slack.
 */
import { createHmac } from 'node:crypto';
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { SocketMode } from './socket-mode.ts';
import { type DeliveryKind, isObject, type JsonObject } from './wire.ts';

/** What was sent, exactly: enough to send the same bytes again. */
export type Delivery = {
  readonly kind: DeliveryKind;
  readonly via: 'http' | 'socket';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type Ack =
  | { readonly outcome: 'acked'; readonly body: unknown }
  /** `operation_timeout`, `dispatch_failed`, `http_client_error`, `http_service_error`: Slack's words to the person. */
  | { readonly outcome: 'failed'; readonly error: string };

export type RawAnswer = { readonly status: number; readonly body: string };

export type Forgery = {
  /** Epoch seconds of `x-slack-request-timestamp`. */
  readonly timestamp?: number;
  /** The whole header, in place of a computed one. */
  readonly signature?: string;
  /** Signs with this secret in place of the right one. */
  readonly secret?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Courier = {
  readonly setRequestUrl: (url: string | undefined) => void;
  readonly deliver: (kind: DeliveryKind, payload: JsonObject) => Promise<Ack>;
  /**
   * Sends whatever it is given; a string goes as the body, byte for byte. Status 0: not reached, or no answer in time.
   * Without a request URL it goes over Socket Mode, where there is nothing to forge but the payload.
   */
  readonly deliverRaw: (
    kind: DeliveryKind,
    payload: JsonObject | string,
    forgery?: Forgery,
  ) => Promise<RawAnswer>;
  /** Sends the same headers and body again. */
  readonly replay: (delivery: Delivery) => Promise<RawAnswer>;
  readonly lastDelivery: () => Delivery | undefined;
};

export type CourierOptions = {
  readonly signingSecret: string;
  readonly ackTimeoutMs: number;
  readonly socket: SocketMode;
  readonly isDown: () => boolean;
  /** Epoch milliseconds for signatures: real time, since Bolt compares with real time. */
  readonly signingNow: () => number;
};

export function createCourier(options: CourierOptions): Courier {
  let requestUrl: string | undefined;
  let last: Delivery | undefined;

  const signed = (kind: DeliveryKind, body: string, forgery: Forgery = {}): Delivery => {
    const timestamp = String(forgery.timestamp ?? Math.floor(options.signingNow() / 1000));
    const signature = forgery.signature ?? sign(forgery.secret ?? options.signingSecret, timestamp, body);
    const type = kind === 'event' ? 'application/json' : 'application/x-www-form-urlencoded';
    return {
      kind,
      via: 'http',
      body,
      headers: {
        'content-type': type,
        'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
        'x-slack-request-timestamp': timestamp,
        'x-slack-signature': signature,
        ...forgery.headers,
      },
    };
  };

  const send = async (delivery: Delivery, timeoutMs: number): Promise<RawAnswer | 'timeout'> => {
    last = delivery;
    if (!requestUrl) return { status: 0, body: 'the look-alike has no request URL' };
    return post(requestUrl, delivery, timeoutMs);
  };

  const overSocket = async (kind: DeliveryKind, payload: JsonObject, envelopeId?: string): Promise<Ack> => {
    const envelope = options.socket.envelope(kind, payload, envelopeId);
    last = { kind, via: 'socket', headers: {}, body: JSON.stringify(envelope) };
    const body = await options.socket.send(envelope, options.ackTimeoutMs);
    return body === 'timeout'
      ? { outcome: 'failed', error: 'operation_timeout' }
      : { outcome: 'acked', body };
  };

  return {
    setRequestUrl: (url) => {
      requestUrl = url;
    },
    lastDelivery: () => last,
    deliver: async (kind, payload) => {
      if (options.isDown()) return { outcome: 'failed', error: 'dispatch_failed' };
      if (options.socket.connections() > 0) return overSocket(kind, payload);
      const answer = await send(signed(kind, encode(kind, payload)), options.ackTimeoutMs);
      return answer === 'timeout' ? { outcome: 'failed', error: 'operation_timeout' } : readAck(answer);
    },
    deliverRaw: async (kind, payload, forgery) => {
      if (!requestUrl && options.socket.connections() > 0 && typeof payload !== 'string')
        return plain(await overSocket(kind, payload));
      const body = typeof payload === 'string' ? payload : encode(kind, payload);
      return settled(await send(signed(kind, body, forgery), options.ackTimeoutMs));
    },
    replay: async (delivery) => {
      if (delivery.via === 'http') return settled(await send(delivery, options.ackTimeoutMs));
      const envelope: unknown = JSON.parse(delivery.body);
      if (!isObject(envelope) || !isObject(envelope.payload)) throw new TypeError('this is no envelope');
      return plain(await overSocket(delivery.kind, envelope.payload, String(envelope.envelope_id)));
    },
  };
}

function settled(answer: RawAnswer | 'timeout'): RawAnswer {
  return answer === 'timeout' ? { status: 0, body: 'operation_timeout' } : answer;
}

function plain(ack: Ack): RawAnswer {
  return ack.outcome === 'acked'
    ? { status: 200, body: ack.body === undefined ? '' : JSON.stringify(ack.body) }
    : { status: 0, body: ack.error };
}

/** `v0=` and the hex HMAC-SHA-256 of "v0:timestamp:body" (docs.slack.dev, Verifying requests from Slack). */
export function sign(secret: string, timestamp: string, body: string): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
}

/** Commands go as form fields, interactions as one form field `payload`, events as JSON. */
export function encode(kind: DeliveryKind, payload: JsonObject): string {
  if (kind === 'event') return JSON.stringify(payload);
  if (kind === 'interactive') return new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(payload)) fields.set(name, String(value));
  return fields.toString();
}

function readAck({ status, body }: RawAnswer): Ack {
  if (status === 0) return { outcome: 'failed', error: 'dispatch_failed' };
  if (status >= 500) return { outcome: 'failed', error: 'http_service_error' };
  if (status >= 300) return { outcome: 'failed', error: 'http_client_error' };
  if (body === '') return { outcome: 'acked', body: undefined };
  try {
    return { outcome: 'acked', body: JSON.parse(body) };
  } catch {
    return { outcome: 'acked', body };
  }
}

/** A connection of its own for each delivery: a restarted app never meets a stale one. */
function post(url: string, { headers, body }: Delivery, timeoutMs: number): Promise<RawAnswer | 'timeout'> {
  const { promise, resolve } = Promise.withResolvers<RawAnswer | 'timeout'>();
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const all: OutgoingHttpHeaders = { ...headers, 'content-length': Buffer.byteLength(body) };
  const request = send(url, { method: 'POST', headers: all, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
    );
    response.on('error', (error) => resolve({ status: 0, body: error.message }));
  });
  const timer = setTimeout(() => {
    resolve('timeout');
    request.destroy();
  }, timeoutMs);
  request.on('error', (error) => resolve({ status: 0, body: error.message }));
  request.on('close', () => clearTimeout(timer));
  request.end(body);
  return promise;
}
