import { describe, expect, it } from 'vitest';
import type { Access } from '../../src/domain/access.ts';
import { type Draft, type Entry, emptyChain, headOf, seal } from '../../src/domain/audit.ts';
import { unproven } from '../../src/domain/evidence.ts';
import { open, step } from '../../src/domain/step.ts';
import { makeRequest, noon, someDraft, waitingAccess } from '../support/builders.ts';
import { type CommandName, commands, taken } from '../support/lives.ts';

/** A life by its commands: the access after each of them, and the trail that tells of it all. */
function live(...names: readonly CommandName[]): {
  readonly accesses: readonly Access[];
  readonly entries: readonly Entry[];
} {
  const begun = waitingAccess();
  const accesses: Access[] = [begun.next];
  const drafts: Draft[] = [...begun.entries];
  for (const name of names) {
    const stepped = taken(step(accesses.at(-1) ?? begun.next, commands[name], noon + 60_000));
    accesses.push(stepped.next);
    drafts.push(...stepped.entries);
  }
  return { accesses, entries: sealed(drafts) };
}

function sealed(drafts: readonly Draft[]): readonly Entry[] {
  let head = emptyChain('good');
  return drafts.map((draft) => {
    const entry = seal(draft, head);
    head = headOf(entry);
    return entry;
  });
}

const toActive = ['vote that decides', 'begin', 'sandbox-open', 'activate'] as const;
const { accesses, entries } = live(...toActive);
const [waiting, approved, sandbox, grant, active] = accesses as [Access, Access, Access, Access, Access];
const upTo = (count: number): readonly Entry[] => entries.slice(0, count);

describe('a record that its trail proves', () => {
  it.each([
    ['approved', approved, 3],
    ['provisioning, before the sandbox', sandbox, 3],
    ['provisioning, before the grant', grant, 4],
    ['active', active, 6],
  ])('%s', (_, access, count) => expect(unproven(access, upTo(count))).toBeUndefined());

  it('may be refused votes in between, and extended', () => {
    const extended = live(...toActive, 'warn', 'extend');
    const refusal = seal(someDraft(), emptyChain('x'));
    const [first, ...rest] = extended.entries;
    const last = extended.accesses.at(-1) ?? waiting;
    expect(unproven(last, [first as Entry, refusal, ...rest])).toBeUndefined();
  });

  it('may be approved by a rule', () => {
    const rule = open(makeRequest(), { basis: { by: 'rule', rule: 'rules[0].approve: on call' } }, noon);
    expect(unproven(rule.next, sealed(rule.entries))).toBeUndefined();
  });
});

describe('a record that claims more than its trail says', () => {
  const withRequest = (change: Partial<Access['request']>): Access => ({
    ...approved,
    request: { ...approved.request, ...change },
  });

  it.each([
    ['no trail at all', approved, [], 'no signed request in the trail'],
    ['a trail without its beginning', approved, entries.slice(1), 'no signed request in the trail'],
    ['no approval', approved, upTo(1), 'no signed approval in the trail'],
    ['only a vote', approved, upTo(2), 'no signed approval in the trail'],
    ['nothing to prove yet', waiting, upTo(1), 'no signed approval in the trail'],
  ])('%s', (_, access, trail, why) => expect(unproven(access, trail)).toBe(why));

  it.each([
    ['id', { id: 'acc_bbbbbbbbbbbbbbbb' }],
    ['target', { target: 'wiki' }],
    ['requester', { requester: { id: 'U0BEN', name: 'ben' } }],
    ['reason', { reason: 'something else entirely' }],
    ['ticket', { ticket: 'INC-1' }],
    ['duration', { durationMs: 8 * 3_600_000 }],
    ['policy', { policy: 'f'.repeat(64) }],
    ['terms', { terms: 'f'.repeat(64) }],
  ] as const)('another %s', (_, change) =>
    expect(unproven(withRequest(change), upTo(3))).toBe('the signed request says something else'),
  );

  it('a ticket that was never named', () => {
    const { ticket: _, ...request } = approved.request;
    expect(unproven({ ...approved, request }, upTo(3))).toBe('the signed request says something else');
  });

  it('a vote that nobody cast', () => {
    const forged = { person: 'U0SEC', name: 'sec', answer: 'approve', at: noon } as const;
    const why = 'a vote in the record is not in the trail';
    expect(unproven({ ...approved, votes: [...approved.votes, forged] }, upTo(3))).toBe(why);
    expect(unproven({ ...approved, votes: [] }, upTo(3))).toBe(why);
  });

  it('a rule where people decided, and another rule', () => {
    const why = 'the signed approval names another rule';
    expect(
      unproven({ ...approved, basis: { by: 'rule', rule: 'rules[0].approve: x' } } as Access, upTo(3)),
    ).toBe(why);
    const ruled = open(makeRequest(), { basis: { by: 'rule', rule: 'rules[0].approve: x' } }, noon);
    expect(
      unproven(
        { ...ruled.next, basis: { by: 'rule', rule: 'rules[1].approve: y' } } as Access,
        sealed(ruled.entries),
      ),
    ).toBe(why);
    expect(unproven({ ...ruled.next, basis: { by: 'votes' } } as Access, sealed(ruled.entries))).toBe(
      'a vote in the record is not in the trail',
    );
  });

  it('a later end', () => {
    const later = {
      ...active,
      endsAt: (active.state === 'active' ? active.endsAt : 0) + 3_600_000,
    } as Access;
    expect(unproven(later, entries)).toBe('the signed end is another one');
    const pending = { ...grant, stage: { at: 'grant', endsAt: noon + 86_400_000 } } as Access;
    expect(unproven(pending, upTo(4))).toBe('the signed end is another one');
  });
});

describe('an older record that was put back', () => {
  it.each([
    ['withdrawn', 'access.withdrawn', ['withdraw']],
    ['rejected', 'access.rejected', ['vote against']],
    ['ended', 'access.ending', [...toActive, 'done']],
    ['revoked', 'access.revoked', [...toActive, 'done', 'grant-gone', 'sandbox-gone']],
    ['failed', 'access.failed', [...toActive, 'give-up', 'grant-gone', 'sandbox-gone']],
  ] as const)('after the access was %s', (_, action, names) => {
    const trail = live(...names).entries;
    const now = { ...approved, request: { ...approved.request, id: trail[0]?.access } } as Access;
    expect(unproven(now, trail)).toBe(`the trail says ${action}`);
  });

  it('from before the opening, while it is open: it would be opened again, with a later end', () => {
    const further = (action: string): string => `the trail is further on: it says ${action}`;
    expect(unproven(approved, upTo(4))).toBe(further('sandbox.opened'));
    expect(unproven(approved, entries)).toBe(further('access.active'));
    expect(unproven(sandbox, upTo(4))).toBe(further('sandbox.opened'));
    expect(unproven(grant, entries)).toBe(further('access.active'));
  });

  it('from before an extension', () => {
    const extended = live(...toActive, 'extend');
    expect(unproven(extended.accesses.at(-2) ?? waiting, extended.entries)).toBe(
      'the signed end is another one',
    );
  });
});
