/** What people read after the end: who, why, from when to when, and what was done, in a message that always fits. */
import { expect, it } from 'vitest';
import type { Revoked } from '../../src/domain/access.ts';
import type { Summary } from '../../src/domain/summary.ts';
import { summaryMessage } from '../../src/words/summary.ts';
import { makeRequest, noon } from '../support/builders.ts';

const access: Revoked = {
  state: 'revoked',
  request: makeRequest(),
  votes: [],
  basis: { by: 'rule', rule: 'rules[0].approve: on call' },
  approvedAt: noon,
  startedAt: noon,
  endsAt: noon + 449_000,
  endedAt: noon + 452_400,
  cause: { kind: 'end' },
};

const nothing: Summary = {
  sessions: [],
  destinations: [],
  credentials: 0,
  downloads: [],
  blocked: [],
  viewers: [],
  unusual: [],
};

function textOf(change: Partial<Summary>, more: Partial<Revoked> = {}): string {
  const facts = { access: { ...access, ...more }, summary: { ...nothing, ...change }, commands: 77 };
  const { blocks } = summaryMessage({ ...facts, pages: 'https://bot' });
  return blocks.map(({ text }) => (text as { text: string }).text).join('\n\n');
}

it('tells the time in which it could be used apart from when it was seen to be gone', () => {
  const text = textOf({});
  expect(text).toContain(`^${(noon + 449_000) / 1_000}^`);
  expect(text).toContain('(7m 29s); revoked ');
  expect(text).toContain('its time was up');
  const done = textOf({}, { cause: { kind: 'done' }, endedAt: noon + 3_661_000, endsAt: noon + 7_200_000 });
  expect(done).toContain('(1h 1m 1s); revoked ');
});

it('says who ended it, and why', () => {
  const by = { kind: 'person', id: 'U0LEA', name: 'lea' } as const;
  expect(textOf({}, { cause: { kind: 'revoked', by, why: 'wrong <db>' } })).toMatch(
    /revoked by <@U0LEA> <!date.*>: wrong &lt;db&gt;/,
  );
});

it('says of nothing that it was not there, and no more', () => {
  const text = textOf({});
  expect(text).toContain('none: no terminal was opened');
  expect(text).not.toMatch(/Connections|Credentials|Blocked|Downloaded/);
  expect(text).toContain('approved by a rule: on call');
});

it('names forwards as the policy does, and says why an attempt was refused', () => {
  const text = textOf({
    destinations: [
      { by: 'orders', host: '127.0.0.1', port: 6379, connections: 1, bytesOut: 10, bytesIn: 2_048 },
      { by: 'proxy', host: 'logs.example', port: 443, connections: 2, bytesOut: 1, bytesIn: 1 },
    ],
    credentials: 1,
    blocked: [
      { host: 'evil.example', port: 443, why: "not in this target's egress: evil.example:443", count: 1 },
      { host: '*', port: 0, why: 'more than 10 attempts a second (40 times)', count: 40 },
    ],
  });
  expect(text).toContain('• orders `127.0.0.1:6379` once, 10 bytes out, 2.0 KiB in');
  expect(text).toContain('• `logs.example:443` 2 times');
  expect(text).toContain('vended once');
  expect(text).toContain("• `evil.example:443` once: not in this target's egress");
  expect(text).toContain('• various 40 times: more than 10 attempts a second (40 times)');
});

it('counts what is too long to list, and fits', () => {
  const sessions = Array.from({ length: 300 }, (_, at) => ({ id: `ses_${at}`, seconds: 61, why: undefined }));
  const text = textOf({ sessions, unusual: Array.from({ length: 400 }, (_, at) => `alarm: ${at}`) });
  expect(text).toContain('300 terminals, about 77 commands');
  expect(text).toContain('• and 292 more');
  expect(text).toContain('sessions/ses_7|1m 1s>');
  expect(text).toContain('• and 392 more');
  expect(text.length).toBeLessThan(13_000);
});
