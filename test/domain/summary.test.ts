/** What was done with an access, counted from its entries. */
import { expect, it } from 'vitest';
import type { Details, Entry } from '../../src/domain/audit.ts';
import { summaryOf } from '../../src/domain/summary.ts';
import { bytes } from '../../src/words/bytes.ts';

function entry(action: string, details: Details = {}, name = 'ana'): Entry {
  return {
    chain: 'abcd',
    seq: 1,
    at: '2026-11-23T12:00:00.000Z',
    action,
    actor: { kind: 'person', id: `U0${name.toUpperCase()}`, name },
    details,
    prev: '0'.repeat(64),
    hash: 'f'.repeat(64),
  };
}

const closed = (host: string, bytes_in: number, bytes_out: number, more: Details = {}): Entry =>
  entry('connection.closed', {
    connection: 'con_x',
    by: 'proxy',
    host,
    port: 443,
    bytes_in,
    bytes_out,
    ...more,
  });

it('counts sessions, destinations by their bytes, credentials, blocked attempts and viewers', () => {
  const summary = summaryOf([
    entry('session.started', { session: 'ses_a' }),
    entry('session.started', { session: 'ses_b' }),
    entry('session.ended', { session: 'ses_a', seconds: 61, why: 'the shell ended' }),
    closed('small.example', 10, 20),
    closed('big.example', 1_000, 0),
    closed('big.example', 0, 5_000),
    entry('file.downloaded', { path: '/home/engineer/a.csv', bytes: 2_048, sha256: 'x' }),
    entry('credentials.vended', {}),
    entry('credentials.vended', {}),
    entry('connection.blocked', { host: 'evil.example', port: 443, why: 'not in egress', count: 3 }),
    entry('connection.blocked', { host: 'evil.example', port: 443, why: 'not in egress', count: 40 }),
    entry('connection.blocked', { host: 'evil.example', port: 443, why: 'no address', count: 1 }),
    entry('session.viewed', { session: 'ses_a' }, 'lea'),
    entry('session.viewed', { session: 'ses_a' }, 'lea'),
  ]);
  expect(summary).toEqual({
    sessions: [
      { id: 'ses_a', seconds: 61, why: 'the shell ended' },
      { id: 'ses_b', seconds: undefined, why: undefined },
    ],
    destinations: [
      { by: 'proxy', host: 'big.example', port: 443, connections: 2, bytesIn: 1_000, bytesOut: 5_000 },
      { by: 'proxy', host: 'small.example', port: 443, connections: 1, bytesIn: 10, bytesOut: 20 },
    ],
    credentials: 2,
    downloads: [{ path: '/home/engineer/a.csv', bytes: 2_048 }],
    blocked: [
      { host: 'evil.example', port: 443, why: 'not in egress', count: 43 },
      { host: 'evil.example', port: 443, why: 'no address', count: 1 },
    ],
    viewers: ['lea'],
    unusual: ['1 downloaded file', '44 blocked attempts to get out'],
  });
});

it('of an access that nobody worked in says so, and nothing unusual', () =>
  expect(summaryOf([entry('access.requested'), entry('access.revoked')])).toEqual({
    sessions: [],
    destinations: [],
    credentials: 0,
    downloads: [],
    blocked: [],
    viewers: [],
    unusual: [],
  }));

it('puts what an approver should look at in words', () => {
  const { unusual } = summaryOf([
    entry('access.refused', { doing: 'terminal', code: 'not-yours' }),
    entry('access.refused', { doing: 'download', code: 'no-file' }),
    entry('access.refused', { doing: 'download', code: 'file-too-big' }),
    entry('alarm.raised', { what: 'the grant could not be taken away' }),
    entry('session.started', { session: 'ses_a' }),
    entry('session.ended', { session: 'ses_a', why: 'the process that recorded it died' }),
    closed('db', 0, 0, { reconstructed: true }),
    entry('connection.blocked', { host: '*', port: 0, count: 1 }),
  ]);
  expect(unusual).toEqual([
    '1 blocked attempt to get out',
    '1 refused terminal: ana',
    '2 refused downloads: ana',
    'alarm: the grant could not be taken away',
    'session ses_a was cut off: the process that recorded it died',
    '1 connection was lost with a process of the bot',
  ]);
});

it.each([
  [0, '0 bytes'],
  [1_023, '1023 bytes'],
  [1_536, '1.5 KiB'],
  [5 * 1024 ** 2, '5.0 MiB'],
  [700 * 1024 ** 3, '700 GiB'],
])('%d is written %s', (count, text) => expect(bytes(count)).toBe(text));
