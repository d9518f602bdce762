/** How much may leave, on the terms that were approved, and how much has. */
import { describe, expect, it } from 'vitest';
import type { Details, Entry } from '../../src/domain/audit.ts';
import { downloadedBytes, downloadMax } from '../../src/domain/download.ts';
import { type Policy, targetOf, termsOf } from '../../src/domain/policy.ts';
import { makePolicy } from '../support/builders.ts';

function policyWith(change: Readonly<Record<string, string>>): Policy {
  return makePolicy((input) => Object.assign(input.targets['payments-db'].sandbox, change));
}

function termsIn(policy: Policy): string {
  const target = targetOf(policy, 'payments-db');
  return target === undefined ? '' : termsOf(target);
}

describe('how much may leave', () => {
  const lets = policyWith({ download: '10Mi' });
  const asked = { target: 'payments-db', terms: termsIn(lets) };

  it('is what the policy says', () => expect(downloadMax(lets, asked)).toBe(10 * 1024 ** 2));

  it('is nothing where it says nothing', () => {
    const off = policyWith({});
    expect(downloadMax(off, { ...asked, terms: termsIn(off) })).toEqual({ code: 'download-off' });
  });

  it.each([
    ['lets more leave than was approved', policyWith({ download: '20Mi' })],
    ['lets less leave', policyWith({ download: '1Mi' })],
    ['no longer lets any leave', policyWith({})],
    ['grants another thing beside it', policyWith({ download: '10Mi', memory: '1Gi' })],
    ['does not know the target', makePolicy((input) => Reflect.deleteProperty(input.targets, 'payments-db'))],
  ])('is nothing where today’s policy %s', (_, today) =>
    expect(downloadMax(today, asked)).toEqual({ code: 'terms-changed' }),
  );
});

describe('how much has left', () => {
  const entry = (action: string, details: Details): Entry => ({
    chain: 'abcd',
    seq: 1,
    at: '2026-11-23T12:00:00.000Z',
    action,
    actor: { kind: 'person', id: 'U0ANA', name: 'ana' },
    details,
    prev: '0'.repeat(64),
    hash: 'f'.repeat(64),
  });

  it('is the sum of the entries', () =>
    expect(
      downloadedBytes([
        entry('file.downloaded', { bytes: 5 }),
        entry('connection.closed', { bytes: 100 }),
        entry('file.downloaded', { bytes: 7 }),
      ]),
    ).toBe(12));

  it('is all there is where one cannot be counted', () =>
    expect(downloadedBytes([entry('file.downloaded', { bytes: '5' })])).toBe(Number.POSITIVE_INFINITY));
});
