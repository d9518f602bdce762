/** The page of an access about which the trail says a great deal. */
import { expect, it } from 'vitest';
import type { Action, Entry } from '../../../src/domain/audit.ts';
import { accessPage } from '../../../src/doors/web/pages/access-page.ts';
import { noon, waitingAccess } from '../../support/builders.ts';
import { ana } from '../../support/session-world.ts';

function page(entries: readonly Entry[]): string {
  const access = waitingAccess().next;
  return accessPage({ access, person: ana, sight: 'requester', trail: { entries }, open: [] }).text;
}

const entry = (seq: number, action: Action, details: Entry['details']): Entry => ({
  chain: 'k3v9',
  seq,
  at: new Date(noon).toISOString(),
  action,
  actor: { kind: 'person', ...ana },
  details,
  prev: '0'.repeat(64),
  hash: String(seq).padStart(64, '0'),
});

const sessions = (count: number): Entry[] =>
  Array.from({ length: count }, (_, n) => n).flatMap((n) => [
    entry(2 * n + 1, 'session.started', { session: `ses_${n}_` }),
    entry(2 * n + 2, 'session.ended', { session: `ses_${n}_`, seconds: n, why: 'the shell ended', bytes: 1 }),
  ]);

it('shows the newest of it, says of how many, and where the others are', () => {
  const text = page(sessions(600));
  expect(text).toContain('These are the newest 500 of 600.');
  expect(text).toContain('These are the newest 500 of 1200.');
  expect(text).toContain('prod-access audit export');
  expect(text).toContain('599 s, the shell ended');
  expect(text).toContain('<code>#1200 ');
  expect(text).toContain('<code>#701 ');
  expect(text).not.toContain('<code>#700 ');
  expect(text).not.toContain('<code>ses_99_');
});

it('shows all where that has its place', () => {
  const text = page(sessions(250));
  expect(text).not.toContain('These are the newest');
  expect(text).toContain('<code>#1 ');
});

it('is made in little time', () => {
  const entries = sessions(20_000);
  const begun = performance.now();
  expect(page(entries).length).toBeLessThan(1_000_000);
  expect(performance.now() - begun).toBeLessThan(2_000);
});
