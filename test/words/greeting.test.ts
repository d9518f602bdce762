/** What a terminal says first: true, short, and no more than a screen. */
import { expect, it } from 'vitest';
import { targetOf } from '../../src/domain/policy.ts';
import { greeting } from '../../src/words/greeting.ts';
import { makePolicy, noon } from '../support/builders.ts';

function said(egress: readonly string[], forwards: readonly unknown[], recordInput = false): string {
  const policy = makePolicy((input) =>
    Object.assign(input.targets['payments-db'], { sandbox: { egress, forwards } }),
  );
  const approved = targetOf(policy, 'payments-db');
  return greeting({ target: 'payments-db', endsAt: noon + 5_000, recordInput, approved });
}

it('names the ways out, the end, and what is recorded', () => {
  const orders = { name: 'orders', listen: 6379, to: 'orders.internal:6379', private: true };
  expect(said(['status.example.com:443', '*.example.org:8443'], [orders])).toBe(
    [
      '── payments-db, until 12:00:05 UTC. Files here are deleted then.',
      '   What is shown here is recorded.',
      '   127.0.0.1:6379 → orders',
      '   status.example.com:443 → by TLS, through the proxy in HTTPS_PROXY',
      '   *.example.org:8443 → by TLS, through the proxy in HTTPS_PROXY',
      '   AWS credentials are in place, for eu-west-1.',
      '   Nothing else can be reached.',
      '',
      '',
    ].join('\r\n'),
  );
});

it('says where keystrokes are recorded', () =>
  expect(said([], [], true)).toContain('What is shown here is recorded, and what is typed as well.'));

it('stays short, whatever the target names', () => {
  const egress = Array.from({ length: 100 }, (_, n) => `h${n}.example.com:443`);
  const forwards = Array.from({ length: 20 }, (_, n) => ({
    name: `f${n}`,
    listen: 5_000 + n,
    to: `f${n}.internal:1`,
  }));
  const lines = said(egress, forwards).split('\r\n');
  expect(lines.length).toBeLessThan(24);
  expect(lines).toContain('   and 94 more');
  expect(lines).toContain('   and 14 more');
});

it('claims nothing where the policy no longer says what was approved', () => {
  const text = greeting({ target: 'payments-db', endsAt: noon, recordInput: false, approved: undefined });
  expect(text).toContain('The policy was edited since this was approved.');
  expect(text).not.toContain('→');
});
