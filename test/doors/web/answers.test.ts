/** What every answer carries, and what a request may name. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf } from '../../../src/doors/web/address.ts';
import { type Answer, redirect, securityHeaders, send } from '../../../src/doors/web/answers.ts';
import { html } from '../../../src/doors/web/html.ts';
import { failed, missing, refused } from '../../../src/doors/web/say.ts';
import { LedgerFault } from '../../../src/ports/ledger.ts';

async function received(answer: Answer): Promise<Response> {
  const server = createServer((_, response) => send(response, answer)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' });
    await response.clone().arrayBuffer();
    return response;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('an answer', () => {
  it('carries the headers that keep it from being framed, sniffed, scripted or kept', async () => {
    const page = { kind: 'plain', html: html`<p>hi</p>` } as const;
    for (const answer of [
      { status: 200, page },
      { status: 200, json: {} },
      { status: 404 },
      redirect('/x'),
    ]) {
      const { headers } = await received(answer);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('referrer-policy')).toBe('same-origin');
    }
  });

  it('lets no page run a script of its own text, and none but a replay run WebAssembly', () => {
    for (const kind of ['plain', 'terminal', 'replay'] as const) {
      const policy = securityHeaders(kind)['content-security-policy'] ?? '';
      const scripts = /script-src ([^;]*)/.exec(policy)?.[1] ?? '';
      expect(scripts).toBe(kind === 'replay' ? "'self' 'wasm-unsafe-eval'" : "'self'");
      expect(policy).toContain("base-uri 'none'");
      expect(policy).toContain("form-action 'self'");
      expect(policy.match(/script-src/g)?.length).toBe(1);
    }
  });

  it('says of what failed on our side whether trying again helps, and nothing of why', () => {
    const away = failed(new LedgerFault('unavailable', 'connect ECONNREFUSED 10.0.0.1:6379'));
    expect(away.status).toBe(503);
    expect(failed(new TypeError('undefined is not a function')).status).toBe(500);
    expect(JSON.stringify(away)).not.toContain('10.0.0.1');
  });

  it('reads alike for what is not there and what is not for them', () => {
    expect(refused({ code: 'no-such-access', text: 'acc_aaaaaaaaaaaaaaaa' })).toEqual(missing());
    expect(missing().status).toBe(404);
    const person = { id: 'U0OUT', name: 'Odo' };
    expect(refused({ code: 'no-such-access', text: 'acc_a' }, { person })).toEqual(missing(person));
    expect(refused({ code: 'directory-unavailable', missing: [] }).status).toBe(503);
    expect(refused({ code: 'not-yours' }).status).toBe(403);
  });
});

describe('the address of a request', () => {
  it('is a path of ours or nothing, whatever the target is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('utf16le')),
          fc.string({ unit: fc.constantFrom('/', '\\', '.', '%2f', '%2e', '@', ':', '?', '#', '[', 'a') }),
        ),
        (target) => {
          for (const url of [target, `/${target}`]) {
            const address = addressOf({ url });
            if (address !== undefined) expect(address.origin).toBe('http://localhost');
          }
        },
      ),
    );
  });

  it('of a target that names another host is still none', () => {
    for (const url of ['http://evil.example/accesses/x', 'evil', '*', '', '[', '@evil.example/'])
      expect(addressOf({ url })).toBeUndefined();
    for (const url of ['//', '//evil.example/x', '/\\evil.example/x', '/@evil.example/', '/[', '/http://['])
      expect(addressOf({ url })?.host).toBe('localhost');
    expect(addressOf({})).toBeUndefined();
  });
});
