/** The page of an access says who approved and ended it, when and why, and names each recording's digest. */
import { expect, it } from 'vitest';
import type { Access } from '../../../src/domain/access.ts';
import type { Entry } from '../../../src/domain/audit.ts';
import type { Command } from '../../../src/domain/command.ts';
import { isRefused } from '../../../src/domain/refusal.ts';
import { open, step } from '../../../src/domain/step.ts';
import { accessPage } from '../../../src/doors/web/pages/access-page.ts';
import { makeRequest, noon } from '../../support/builders.ts';

const lea = { kind: 'person', id: 'U0LEA', name: 'Lea Brandt' } as const;
const voted = { person: 'U0LEA', name: 'Lea Brandt', answer: 'approve', at: noon } as const;
const toActive: readonly Command[] = [
  { kind: 'vote', vote: voted, decided: true, policy: 'p' },
  { kind: 'begin' },
  { kind: 'sandbox-open', driver: 'local', limitsHeldBy: 'cgroup-v2', checks: 9 },
  { kind: 'activate', role: 'arn:aws:iam::123456789012:role/prod-access/acc_a' },
];
const gone: readonly Command[] = [{ kind: 'grant-gone' }, { kind: 'sandbox-gone' }];

/** Each command comes a second after the one before. */
function lived(...commands: readonly Command[]): Access {
  const request = makeRequest({ ticket: 'INC-4821', requester: { id: 'U0ANA', name: 'Ana Torres' } });
  let access: Access = open(request, { lapsesAt: noon + 3_600_000 }, noon).next;
  for (const [at, command] of commands.entries()) {
    const stepped = step(access, command, noon + (at + 1) * 1_000);
    if (isRefused(stepped)) throw new Error(stepped.refused.code);
    access = stepped.next;
  }
  return access;
}

/** The rows of the page's head, with times as the page has them without its script. */
function rowsOf(access: Access, entries: readonly Entry[] = []): Readonly<Record<string, string>> {
  const { text } = page(access, entries);
  const rows = text.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/g);
  return Object.fromEntries([...rows].map(([, name, value = '']) => [name, value.replace(/<[^>]*>/g, '')]));
}

function page(access: Access, entries: readonly Entry[] = []) {
  const person = { id: 'U0LEA', name: 'Lea Brandt' };
  return accessPage({ access, person, sight: 'approver', trail: { entries }, open: [] });
}

it('tells while it is active when it ends, who approved it, and its ticket', () => {
  expect(rowsOf(lived(...toActive))).toMatchObject({
    Ticket: 'INC-4821',
    'Approved by': 'Lea Brandt',
    Ends: '2026-11-23 12:45:03 UTC',
  });
});

it('tells of one that is over when, by whom and why it ended, and not when it would have', () => {
  const revoked = rowsOf(lived(...toActive, { kind: 'revoke', by: lea, why: 'laptop stolen' }, ...gone));
  expect(revoked.Ended).toBe('2026-11-23 12:00:07 UTC by Lea Brandt: laptop stolen');
  expect(revoked.Ends).toBeUndefined();
  const done = rowsOf(lived(...toActive, { kind: 'done' }));
  expect(done.Ending).toBe('2026-11-23 12:00:05 UTC by Ana Torres');
  const failed = rowsOf(lived(...toActive, { kind: 'give-up', why: 'IAM <said> no' }, ...gone));
  expect(failed.Ended).toBe('2026-11-23 12:00:07 UTC: IAM &lt;said&gt; no');
  const denied = rowsOf(
    lived({
      kind: 'vote',
      vote: { ...voted, answer: 'deny', reason: 'not today' },
      decided: false,
      policy: 'p',
    }),
  );
  expect(denied.Ended).toBe('2026-11-23 12:00:01 UTC by Lea Brandt: not today');
  expect(denied['Approved by']).toBeUndefined();
});

it('names the rule that approved, without its place in the file', () => {
  const request = makeRequest();
  const { next } = open(request, { basis: { by: 'rule', rule: 'rules[0].approve: on call' } }, noon);
  expect(rowsOf(next)['Approved by']).toBe('a rule: on call');
});

it('names the digest of each recording', () => {
  const sha256 = 'ab'.repeat(32);
  const entry = (seq: number, action: string, details: Entry['details']): Entry => ({
    ...{ chain: 'k3v9', seq, at: '2026-11-23T12:00:00.000Z', action, actor: lea, details },
    ...{ prev: '0'.repeat(64), hash: '1'.repeat(64) },
  });
  const session = 'ses_aaaaaaaaaaaaaaaa';
  const { text } = page(lived(...toActive), [
    entry(1, 'session.started', { session }),
    entry(2, 'session.ended', { session, seconds: 75, why: 'the shell ended', sha256 }),
  ]);
  expect(text).toContain(`<code>sha256 ${sha256}</code>`);
});

it('spells the details of entries for people: names, durations, and times in the reader’s zone', () => {
  const entry = (seq: number, details: Entry['details']): Entry => ({
    ...{ chain: 'k3v9', seq, at: '2026-11-23T12:00:00.000Z', action: 'access.approved', actor: lea, details },
    ...{ prev: '0'.repeat(64), hash: '1'.repeat(64) },
  });
  const { text } = page(lived(...toActive), [
    entry(1, { by: ['U0LEA', 'U0SEC'], duration_ms: 600_000, ends_at: '2026-11-23T12:10:00.000Z' }),
    entry(2, { input_recorded: false, bytes_in: 7, why: '<b>', noted_at: 'noon' }),
  ]);
  expect(text).toContain(
    'by: Lea Brandt, U0SEC · duration: 10m · ends at: <time datetime="2026-11-23T12:10:00.000Z">2026-11-23 12:10:00 UTC</time>',
  );
  expect(text).toContain('input recorded: false · bytes in: 7 · why: &lt;b&gt; · noted at: noon');
});
