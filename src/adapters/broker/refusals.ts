/**
 * What the broker says when it refuses: `why` for the trail, and for the engineer inside an HTTP answer whose first line
 * names the reason (few clients show more than that) and whose body says what to do.
 */
import type { NotConnected } from './dial.ts';
import type { Found } from './find-addresses.ts';
import { type HostAndPort, written } from './hosts.ts';

export type Refusal = { readonly status: number; readonly why: string; readonly remedy: string };

export function notInEgress(to: HostAndPort): Refusal {
  return {
    status: 403,
    why: `not in this target's egress: ${written(to)}`,
    remedy: 'Ask whoever keeps the policy to add it.',
  };
}

export function clearText(to: HostAndPort): Refusal {
  return {
    status: 403,
    why: `clear-text HTTP is not carried: ${written(to)}`,
    remedy: 'Use https; this proxy carries TLS only.',
  };
}

export const otherMethod: Refusal = {
  status: 405,
  why: 'only CONNECT is allowed',
  remedy: 'This proxy takes CONNECT host:port for what the target names as egress, and nothing else.',
};

export function malformed(what: string): Refusal {
  return {
    status: 400,
    why: `not a proxy request: ${what}`,
    remedy: 'This port speaks HTTP: set it as an http:// proxy, also for https.',
  };
}

export const headTooLong: Refusal = {
  status: 431,
  why: 'the request is longer than 8 KiB',
  remedy: 'CONNECT needs no headers.',
};

export const headLate: Refusal = {
  status: 408,
  why: 'no request came in time',
  remedy: 'Send the whole request at once.',
};

export function overBound(bound: string): Refusal {
  return { status: 429, why: `more than ${bound}`, remedy: 'Wait a second, and open fewer at once.' };
}

export function unreachable(to: HostAndPort, found: Found & { readonly found: false }): Refusal {
  if (found.code === 'unresolved')
    return {
      status: 502,
      why: `${to.host} has no address`,
      remedy: 'The name was looked up from the host of the bot: check its spelling.',
    };
  const what = found.address === to.host ? `${to.host} is` : `${to.host} resolves to ${found.address},`;
  return {
    status: 403,
    why: `${what} ${found.is.what}`,
    remedy:
      found.is.kind === 'private'
        ? 'If that is meant, ask whoever keeps the policy to say private: true of it.'
        : 'Such an address is never reachable from a sandbox, whatever the policy says.',
  };
}

export const notRecorded: Refusal = {
  status: 503,
  why: 'it could not be recorded, so it was not opened',
  remedy: 'Try again in a moment; if it stays so, tell whoever runs the bot.',
};

export function notConnected(to: HostAndPort, { why, late }: NotConnected): Refusal {
  return {
    status: late ? 504 : 502,
    why: `could not connect to ${written(to)}: ${why}`,
    remedy: 'It was tried from the host of the bot: see whether the service is up, and lets that host in.',
  };
}

export function httpAnswer({ status, why, remedy }: Refusal): string {
  const body = `${why}. ${remedy}\n`;
  return [
    `HTTP/1.1 ${status} ${why}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(status === 405 ? ['Allow: CONNECT'] : []),
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
