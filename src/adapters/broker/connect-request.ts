/**
 * Reads the head of a proxy request from the bytes that have come so far. Pure, never throws, and the answer does not
 * depend on how the bytes were cut into pieces. What follows the head belongs to the tunnel.
 *
 * Strict where HTTP is lenient: lines end in CR LF, nothing is folded, the head fits {@link headMax}.
 */
import { type HostAndPort, hostAndPortFrom } from './hosts.ts';
import type { More } from './read-first.ts';

export type ProxyRequest =
  | { readonly at: 'connect'; readonly to: HostAndPort; readonly used: number }
  /** A request in absolute form, as for a proxy that forwards clear text. */
  | { readonly at: 'clear-text'; readonly to: HostAndPort }
  | { readonly at: 'other-method' }
  | { readonly at: 'too-long' }
  | { readonly at: 'malformed'; readonly why: string };

export const headMax = 8 * 1024;

const requestLine = /^([A-Z]{1,20}) ([\x21-\x7e]+) HTTP\/1\.[01]$/;
const headerLine = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/;

export function readProxyRequest(bytes: Buffer): ProxyRequest | More {
  const first = bytes[0];
  // Told at once, for those who speak TLS to this port would wait for us as we for them.
  if (first !== undefined && (first < 0x41 || first > 0x5a))
    return malformed('it does not begin with a method');
  const head = bytes.subarray(0, headMax);
  const end = head.indexOf('\r\n\r\n');
  if (end < 0) return bytes.length < headMax ? { at: 'more', need: bytes.length + 1 } : { at: 'too-long' };
  const [request = '', ...headers] = head.toString('latin1', 0, end).split('\r\n');
  const [, method, target = ''] = requestLine.exec(request) ?? [];
  if (method === undefined) return malformed('its first line is not a request line of HTTP/1.1');
  if (!headers.every((line) => headerLine.test(line))) return malformed('it has a header line that is none');
  if (method !== 'CONNECT') {
    const to = clearTextTarget(target);
    return to === undefined ? { at: 'other-method' } : { at: 'clear-text', to };
  }
  const to = hostAndPortFrom(target);
  return to === undefined
    ? malformed('it does not name a host and a port')
    : { at: 'connect', to, used: end + 4 };
}

function clearTextTarget(target: string): HostAndPort | undefined {
  const authority = /^http:\/\/([^/?#@]+)(?:[/?#]|$)/i.exec(target)?.[1];
  if (authority === undefined) return undefined;
  return hostAndPortFrom(authority) ?? hostAndPortFrom(`${authority}:80`);
}

function malformed(why: string): ProxyRequest {
  return { at: 'malformed', why };
}
