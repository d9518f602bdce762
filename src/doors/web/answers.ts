/** What the web door answers with. Every page carries the headers that keep it from being framed, sniffed or scripted. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Html } from './html.ts';

/** `terminal` and `replay` draw with libraries that set styles, and the player runs WebAssembly of its own. */
export type PageKind = 'plain' | 'terminal' | 'replay';

const policyFor: Readonly<Record<PageKind, string>> = {
  plain: "script-src 'self'; style-src 'self'",
  terminal: "script-src 'self'; style-src 'self' 'unsafe-inline'",
  replay: "script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; font-src 'self' data:",
};

export function securityHeaders(kind: PageKind = 'plain'): Readonly<Record<string, string>> {
  return {
    'content-security-policy': `default-src 'none'; connect-src 'self'; img-src 'self' data:; ${policyFor[kind]}; frame-ancestors 'none'; base-uri 'none'; form-action 'self'`,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    // Nothing to others; with none at all a browser would hide the origin of our own forms from us too.
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'cache-control': 'no-store',
  };
}

export function isReading({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

export type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly page?: { readonly kind: PageKind; readonly html: Html };
  readonly json?: unknown;
};

export function send(response: ServerResponse, { status, headers = {}, page, json }: Answer): void {
  const type =
    page !== undefined
      ? 'text/html; charset=utf-8'
      : json !== undefined
        ? 'application/json; charset=utf-8'
        : 'text/plain; charset=utf-8';
  const all = { ...securityHeaders(page?.kind), 'content-type': type };
  response.writeHead(status, { ...all, ...headers } as Record<string, string | string[]>);
  response.end(page?.html.text ?? (json === undefined ? '' : JSON.stringify(json)));
}

export function redirect(
  location: string,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
): Answer {
  return { status: 303, headers: { ...headers, location } };
}
