import { expect, it } from 'vitest';
import type { Entry } from '../../src/domain/audit.ts';
import { type LostSession, lostSession, processDied } from '../../src/domain/lost-session.ts';
import { lostSessionWords } from '../../src/words/lost-session.ts';

const session = 'ses_aaaaaaaaaaaaaaaa' as const;
const other = 'ses_bbbbbbbbbbbbbbbb' as const;
const entry = (seq: number, action: Entry['action'], details: Entry['details']): Entry => ({
  chain: 'c',
  seq,
  at: '2026-11-23T12:00:00.000Z',
  action,
  actor: { kind: 'bot', id: 'bot', name: 'bot' },
  details,
  prev: '',
  hash: '',
});
const started = entry(2, 'session.started', { session });
const repaired = (seq: number) => entry(seq, 'sweep.repaired', { what: 'sandbox' });

it.each<readonly [string, readonly Entry[], LostSession | undefined]>([
  ['is of no other access', [entry(1, 'session.started', { session: other })], undefined],
  ['may have no end on record yet', [started], { why: undefined, sameSandbox: true }],
  [
    'ended for its own reason',
    [
      started,
      entry(3, 'session.ended', { session: other, why: 'no' }),
      entry(4, 'session.ended', { session, why: 'idle' }),
    ],
    { why: 'idle', sameSandbox: true },
  ],
  [
    'ran in a sandbox that was opened anew before',
    [repaired(1), started],
    { why: undefined, sameSandbox: true },
  ],
  ['ran in a sandbox that is gone', [started, repaired(3)], { why: undefined, sameSandbox: false }],
])('%s', (_, entries, lost) => expect(lostSession(entries, session)).toEqual(lost));

it('is told in words', () => {
  expect(lostSessionWords({ why: processDied, sameSandbox: true })).toBe(
    'The bot was restarted, which ended your shell and what ran in it. This is a new one. Files in ~ are still there.',
  );
  expect(lostSessionWords({ why: 'nothing was typed for too long', sameSandbox: true })).toMatch(
    /^The shell that was here is over: nothing was typed for too long\. This is a new one\./,
  );
  expect(lostSessionWords({ why: undefined, sameSandbox: false })).toBe(
    'The shell that was here is gone. This is a new one. The sandbox had to be opened anew as well, without its files.',
  );
});
