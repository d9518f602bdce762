/**
 * The proxy: HTTP CONNECT to what the target names as egress, for TLS whose server name is the one connected to. In this
 * order: the line that allows it, the addresses, the record, the connection, and only then the answer, so that a client
 * hears of each failure in HTTP; then the ClientHello, before which nothing of the client's is sent out.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { EgressLine } from '../../ports/brokers.ts';
import { readClientHello } from './client-hello.ts';
import { type ProxyRequest, readProxyRequest } from './connect-request.ts';
import { allowedBy } from './egress.ts';
import { type HostAndPort, isAddress } from './hosts.ts';
import { inTime } from './in-time.ts';
import { letOut, type Unfit } from './let-out.ts';
import { type NotRead, readFirst } from './read-first.ts';
import {
  clearText,
  headLate,
  headTooLong,
  httpAnswer,
  malformed,
  notInEgress,
  otherMethod,
  type Refusal,
  unreachable,
} from './refusals.ts';
import type { Serve, WayOut } from './way-out.ts';

/** What the record calls this door. */
export const proxyName = 'proxy';
/** How long a refused client may take to read its answer. */
const lingerMs = 1_000;

export function proxyTo(egress: readonly EgressLine[]): Serve {
  return async (way, client) => {
    const time = { clock: way.clock, ms: way.bounds.firstBytesMs };
    const request = await readFirst(client, readProxyRequest, time);
    if (request.at === 'ended') return;
    if (request.at !== 'connect') return await refuse(way, client, refusalOf(request), clearTextOf(request));
    const { to, used } = request;
    const line = allowedBy(egress, to);
    if (line === undefined) return await refuse(way, client, notInEgress(to), to);
    const found = await way.find(to.host, line);
    if (!found.found) return await refuse(way, client, unreachable(to, found), to);
    if (client.destroyed) return block(way, to, way.cut() ?? 'closed before it began');
    client.read(used);
    await letOut(
      way,
      client,
      { by: proxyName, ...to, addresses: found.addresses },
      {
        refuse: (refusal) => answerAndEnd(way, client, refusal),
        admit: async (server) => {
          client.write('HTTP/1.1 200 Connection established\r\n\r\n');
          const hello = readFirst(client, readClientHello, time);
          return unfit(await Promise.race([hello, goneOf(server)]), to, way);
        },
      },
    );
  };
}

type ServerGone = { readonly at: 'server-gone' };

/** A server that only ends what it says is not gone. */
function goneOf(server: Socket): Promise<ServerGone> {
  return new Promise((resolve) => server.once('close', () => resolve({ at: 'server-gone' })));
}

/** Why what the client sends may not go to where it asked for; undefined where it may. */
function unfit(
  hello: Exclude<ReturnType<typeof readClientHello>, { at: 'more' }> | NotRead | ServerGone,
  to: HostAndPort,
  way: WayOut,
): Unfit | undefined {
  switch (hello.at) {
    case 'late':
      return refused(`no TLS ClientHello within ${way.bounds.firstBytesMs / 1000} s`);
    case 'ended':
      return { why: way.cut() ?? 'closed before its TLS ClientHello', refused: false };
    case 'server-gone':
      return { why: 'closed by the server before the TLS ClientHello', refused: false };
    case 'no-hello':
      return refused(`not TLS as it is allowed: ${hello.why}`);
    case 'hello': {
      const expected = isAddress(to.host) ? undefined : to.host;
      if (hello.serverName === expected) return undefined;
      return hello.serverName === undefined
        ? refused('its TLS ClientHello names no server')
        : refused(`its TLS ClientHello names another server: ${hello.serverName}`);
    }
  }
}

function refused(why: string): Unfit {
  return { why, refused: true };
}

function refusalOf(request: Exclude<ProxyRequest, { at: 'connect' }> | { readonly at: 'late' }): Refusal {
  switch (request.at) {
    case 'clear-text':
      return clearText(request.to);
    case 'other-method':
      return otherMethod;
    case 'too-long':
      return headTooLong;
    case 'malformed':
      return malformed(request.why);
    case 'late':
      return headLate;
  }
}

/** A request that named a destination is on the record, also where it could not have been carried. */
function clearTextOf(request: ProxyRequest | NotRead): HostAndPort | undefined {
  return request.at === 'clear-text' ? request.to : undefined;
}

async function refuse(way: WayOut, client: Socket, refusal: Refusal, to?: HostAndPort): Promise<void> {
  if (to !== undefined) block(way, to, refusal.why);
  await answerAndEnd(way, client, refusal);
}

function block(way: WayOut, to: HostAndPort, why: string): void {
  way.report.add({ by: proxyName, ...to, why });
}

/** What the client still sends is thrown away: closing with bytes unread could lose it the answer. */
export async function answerAndEnd(way: WayOut, client: Socket, refusal: Refusal): Promise<void> {
  if (client.destroyed) return;
  const closed = once(client, 'close').catch(() => undefined);
  client.end(httpAnswer(refusal));
  client.resume();
  await inTime(way.clock, lingerMs, closed);
  client.destroy();
}
