import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Vote } from '../../src/domain/approval.ts';
import { type Judged, judge, offeredTo, stillStands, weigh } from '../../src/domain/judge.ts';
import type { Facts } from '../../src/domain/people.ts';
import { type Policy, targetOf, termsOf } from '../../src/domain/policy.ts';
import type { Ask, Request } from '../../src/domain/request.ts';
import { account, makeFacts, makePolicy, makeRequest, noon } from '../support/builders.ts';

const ana = { id: 'U0ANA', name: 'ana' };
const ben = { id: 'U0BEN', name: 'ben' };
// noon is a Monday.
const monday = 'Mon 00:00 - Tue 00:00 UTC';
const tuesday = 'Tue 00:00 - Wed 00:00 UTC';

function withRules(...rules: readonly unknown[]): Policy {
  return makePolicy((input) => {
    input.rules = [...rules];
  });
}

function ask(change: Partial<Ask> = {}): Ask {
  return { target: 'payments-db', reason: 'checkout answers 500, INC-4821', ...change };
}

function judged(policy: Policy, change: Partial<Ask> = {}, facts = makeFacts(), requester = ana): Judged {
  return judge(policy, { requester, ask: ask(change) }, facts, noon);
}

/** `+` held, `-` did not: the explanation as `policy explain` would print it. */
function explained({ findings }: Pick<Judged, 'findings'>): readonly string[] {
  return findings.map(({ held, rule, says }) => `${held ? '+' : '-'} ${rule}: ${says}`);
}

const accountOk = '+ account: a full member of this workspace';
const memberOk = '+ targets.payments-db.requesters: member of payments';

describe('an ask', () => {
  it('that no rule decides waits for the lines of its target', () => {
    const verdict = judged(makePolicy());
    expect(verdict).toMatchObject({
      outcome: 'waits',
      durationMs: 3_600_000,
      reason: 'checkout answers 500, INC-4821',
      ticket: 'INC-4821',
      lines: [{ from: ['leads'] }, { from: ['security'] }],
    });
    expect(verdict.outcome === 'waits' && verdict.terms).toMatch(/^[0-9a-f]{64}$/);
    expect(explained(verdict)).toEqual([accountOk, memberOk]);
  });

  it.each([
    ['a guest', { restricted: true }, 'guest'],
    ['a deactivated account', { deleted: true }, 'deactivated'],
    ['a bot', { bot: true }, 'bot'],
  ])('by %s is refused before anything else is looked at', (_, change, why) => {
    const facts = makeFacts({ accounts: { U0ANA: account('U0ANA', change) } });
    const verdict = judged(makePolicy(), { target: 'nothing' }, facts);
    expect(verdict).toMatchObject({ outcome: 'refused', refusal: { code: 'ineligible', why } });
    expect(explained(verdict)).toEqual([`- account: ${why}`]);
  });

  it('by somebody whom the directory could not tell is refused, naming what was missing', () => {
    const verdict = judged(makePolicy(), {}, makeFacts({ accounts: {}, missing: ['U0ANA'] }));
    expect(verdict).toMatchObject({ refusal: { code: 'directory-unavailable', missing: ['U0ANA'] } });
    expect(explained(verdict)).toEqual(['- account: unknown']);
  });

  it('for a target that is not for this person reads like one for a target that is not there', () => {
    const policy = makePolicy((input) => {
      input.targets.wiki.requesters = ['security'];
    });
    const refusals = ['wiki', 'nothing', 'constructor', '__proto__'].map((target) =>
      judged(policy, { target }),
    );
    for (const verdict of refusals) {
      expect(verdict).toMatchObject({
        outcome: 'refused',
        refusal: { code: 'no-such-target', offered: ['payments-db'] },
      });
      expect(explained(verdict)[1]).toMatch(/^- targets\..*\.requesters: no such target for this person$/);
    }
  });

  it('by somebody whose group could not be had is refused for that, and not as a stranger', () => {
    const facts = makeFacts({ members: {}, missing: ['payments'] });
    expect(judged(makePolicy(), {}, facts)).toMatchObject({
      refusal: { code: 'directory-unavailable', missing: ['payments'] },
    });
  });

  it('for nothing at all reads the same while groups are unknown: an outage must not list targets', () => {
    const facts = makeFacts({ members: {}, missing: ['payments'] });
    const known = judged(makePolicy(), {}, facts);
    const unknown = judged(makePolicy(), { target: 'no-such-thing' }, facts);
    expect(unknown).toMatchObject({ refusal: known.outcome === 'refused' ? known.refusal : {} });
  });

  it('is held against the bounds of its target', () => {
    expect(judged(makePolicy(), { duration: '5h' })).toMatchObject({
      refusal: { code: 'duration-too-long' },
    });
    expect(judged(makePolicy(), { reason: 'checkout answers 500' })).toMatchObject({
      refusal: { code: 'ticket-missing' },
    });
  });
});

describe('deny rules', () => {
  const freeze = { deny: { targets: ['*'], because: 'freeze' } };
  const onCall = { approve: { targets: ['payments-db'], requesters: ['on-call'], because: 'on call' } };

  it('beat approve rules, wherever they stand', () => {
    const verdict = judged(withRules(onCall, freeze), {}, makeFacts(), ben);
    expect(verdict).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'denied-by-rule', because: 'freeze' },
    });
    expect(explained(verdict).at(-1)).toBe('+ rules[1].deny: freeze');
  });

  it.each([
    ['other targets', { targets: ['wiki'], because: 'x' }, []],
    [
      'other people',
      { targets: ['*'], requesters: ['security'], because: 'x' },
      ['- rules[0].deny: does not concern this person'],
    ],
    [
      'other hours',
      { targets: ['*'], when: { hours: tuesday }, because: 'x' },
      [`- rules[0].deny: not within ${tuesday}`],
    ],
  ])('do not concern %s', (_, deny, findings) => {
    const verdict = judged(withRules({ deny }));
    expect(verdict.outcome).toBe('waits');
    expect(explained(verdict).slice(2)).toEqual(findings);
  });

  it.each([
    ['their target', { targets: ['payments-db'], because: 'x' }],
    ['their people', { targets: ['*'], requesters: ['security', 'payments'], because: 'x' }],
    ['their hours', { targets: ['*'], when: { hours: monday }, because: 'x' }],
  ])('concern %s', (_, deny) =>
    expect(judged(withRules({ deny }))).toMatchObject({ refusal: { code: 'denied-by-rule', because: 'x' } }),
  );

  it('that cannot be evaluated deny: an unknown group', () => {
    const policy = withRules({
      deny: { targets: ['*'], requesters: ['security'], because: 'auditors only read' },
    });
    const { security: _, ...members } = makeFacts().members;
    const verdict = judged(policy, {}, makeFacts({ members, missing: ['security'] }));
    expect(verdict).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'directory-unavailable', missing: ['security'] },
    });
    expect(explained(verdict).at(-1)).toBe(
      '+ rules[0].deny: cannot tell whether it concerns this person: auditors only read',
    );
  });

  it('that cannot be evaluated deny: a clock that makes no sense', () => {
    const policy = withRules({ deny: { targets: ['*'], when: { hours: tuesday }, because: 'x' } });
    const asked = { target: 'payments-db', requester: 'U0ANA', durationMs: 60_000 };
    expect(weigh(policy, asked, makeFacts(), noon).outcome).toBe('waits');
    expect(weigh(policy, asked, makeFacts(), Number.NaN)).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'denied-by-rule' },
    });
  });

  it('that are known to concern this person say so, though another of their groups is unknown', () => {
    const policy = withRules({
      deny: { targets: ['*'], requesters: ['payments', 'security'], because: 'x' },
    });
    const { security: _, ...members } = makeFacts().members;
    expect(judged(policy, {}, makeFacts({ members, missing: ['security'] }))).toMatchObject({
      refusal: { code: 'denied-by-rule', because: 'x' },
    });
  });
});

describe('approve rules', () => {
  const rule = (when?: Record<string, string>): unknown => ({
    approve: {
      targets: ['payments-db'],
      requesters: ['on-call'],
      because: 'on call',
      ...(when === undefined ? {} : { when }),
    },
  });

  it('approve at once, and say by which rule', () => {
    const verdict = judged(
      withRules(rule({ max: '30m', hours: monday })),
      { duration: '30m' },
      makeFacts(),
      ben,
    );
    expect(verdict).toMatchObject({
      outcome: 'approved',
      basis: { by: 'rule', rule: 'rules[0].approve: on call' },
    });
    expect(explained(verdict)).toEqual([accountOk, memberOk, '+ rules[0].approve: on call']);
  });

  it.each([
    ['other people', rule(), ana, 'does not concern this person'],
    ['longer durations', rule({ max: '30m' }), ben, 'asked for 1h, approves at most 30m'],
    ['other hours', rule({ hours: tuesday }), ben, `not within ${tuesday}`],
  ])('leave %s to the approvers', (_, each, requester, says) => {
    const verdict = judged(withRules(each), {}, makeFacts(), requester);
    expect(verdict.outcome).toBe('waits');
    expect(explained(verdict).at(-1)).toBe(`- rules[0].approve: ${says}`);
  });

  it('that cannot be evaluated do not approve', () => {
    const { 'on-call': _, ...members } = makeFacts().members;
    expect(judged(withRules(rule()), {}, makeFacts({ members, missing: ['on-call'] }), ben).outcome).toBe(
      'waits',
    );
    const asked = { target: 'payments-db', requester: 'U0BEN', durationMs: 60_000 };
    expect(weigh(withRules(rule({ hours: monday })), asked, makeFacts(), Number.NaN).outcome).toBe('waits');
  });

  it('are looked at in order, and the first that holds is named', () => {
    const verdict = judged(
      withRules(rule({ max: '30m' }), rule(), rule({ max: '4h' })),
      {},
      makeFacts(),
      ben,
    );
    expect(verdict).toMatchObject({ basis: { rule: 'rules[1].approve: on call' } });
    expect(verdict.findings).toHaveLength(4);
  });
});

it('offers what a person may ask for, and nothing else', () => {
  expect(offeredTo(makePolicy(), 'U0ANA', makeFacts())).toEqual(['payments-db', 'wiki']);
  expect(offeredTo(makePolicy(), 'U0OUT', makeFacts())).toEqual([]);
});

describe('what was decided earlier', () => {
  const cast = (person: string, answer: Vote['answer'] = 'approve'): Vote => ({
    person,
    name: person,
    answer,
    at: noon,
  });
  const both = [cast('U0LEA'), cast('U0SEC')];
  const request = (policy: Policy, change: Partial<Request> = {}): Request => {
    const target = targetOf(policy, 'payments-db');
    return makeRequest({ terms: target === undefined ? '' : termsOf(target), ...change });
  };
  const stands = (policy: Policy, facts: Facts = makeFacts(), votes = both, change: Partial<Request> = {}) =>
    stillStands(policy, request(policy, change), { by: 'votes' }, votes, facts, noon);

  it('stands where nothing changed', () => expect(stands(makePolicy())).toBeUndefined());

  it.each<[string, Policy, Partial<Request>, ReturnType<typeof stands>]>([
    [
      'the target is gone',
      makePolicy((input) => Reflect.deleteProperty(input.targets, 'payments-db')),
      {},
      { code: 'no-such-target', target: 'payments-db', offered: [] },
    ],
    [
      'the requester may no longer ask',
      makePolicy((input) => {
        input.targets['payments-db'].requesters = ['security'];
      }),
      {},
      { code: 'no-such-target', target: 'payments-db', offered: [] },
    ],
    ['what it grants changed', makePolicy(), { terms: 'c'.repeat(64) }, { code: 'terms-changed' }],
    [
      'it may no longer last so long',
      makePolicy((input) => {
        input.targets['payments-db'].duration = { default: '5m', max: '5m', total: '5m' };
      }),
      {},
      { code: 'duration-too-long', askedMs: 45 * 60_000, maxMs: 5 * 60_000 },
    ],
    [
      'a rule denies it by now',
      withRules({ deny: { targets: ['*'], because: 'freeze' } }),
      {},
      { code: 'denied-by-rule', because: 'freeze' },
    ],
    [
      'another line was added',
      makePolicy((input) => {
        input.targets['payments-db'].approvers.push({ from: ['on-call'], count: 1 });
      }),
      {},
      { code: 'unproven', why: 'those who approved it are no longer entitled to' },
    ],
  ])('no longer stands where %s', (_, policy, change, refusal) =>
    expect(stands(policy, makeFacts(), both, change)).toEqual(refusal),
  );

  it('no longer stands where an approver is no longer entitled, or was deactivated', () => {
    const gone = { code: 'unproven', why: 'those who approved it are no longer entitled to' };
    const members = { ...makeFacts().members, security: new Set<string>() };
    expect(stands(makePolicy(), makeFacts({ members }))).toEqual(gone);
    const accounts = { ...makeFacts().accounts, U0LEA: account('U0LEA', { deleted: true }) };
    expect(stands(makePolicy(), makeFacts({ accounts }))).toEqual(gone);
  });

  it('no longer stands where somebody denied, or the requester is out', () => {
    expect(stands(makePolicy(), makeFacts(), [...both, cast('U0LEO', 'deny')])).toEqual({
      code: 'unproven',
      why: 'someone entitled denied it',
    });
    const accounts = { ...makeFacts().accounts, U0ANA: account('U0ANA', { deleted: true }) };
    expect(stands(makePolicy(), makeFacts({ accounts }))).toEqual({ code: 'ineligible', why: 'deactivated' });
  });

  it.each([
    ['the requester', makeFacts({ accounts: {}, missing: ['U0ANA'] }), ['U0ANA']],
    ['the group of requesters', makeFacts({ members: {}, missing: ['payments'] }), ['payments']],
    [
      'a group of approvers',
      makeFacts({ members: { ...makeFacts().members, security: new Set() }, missing: ['security'] }),
      ['security'],
    ],
  ])(
    'cannot be told where the directory does not know %s: that is no verdict, but a reason to wait',
    (_, facts, missing) =>
      expect(stands(makePolicy(), facts)).toEqual({ code: 'directory-unavailable', missing }),
  );

  it('waits for the directory where a deny rule hangs on a group that could not be had', () => {
    const policy = withRules({ deny: { targets: ['*'], requesters: ['on-call'], because: 'rest' } });
    const facts = makeFacts({ missing: ['on-call'] });
    expect(stands(policy, facts)).toEqual({ code: 'directory-unavailable', missing: ['on-call'] });
  });

  it('by a rule stands as long as a rule approves it', () => {
    const rule = {
      approve: { targets: ['*'], requesters: ['on-call'], when: { max: '45m' }, because: 'on call' },
    };
    const basis = { by: 'rule', rule: 'rules[0].approve: on call' } as const;
    const policy = withRules(rule);
    const byBen = { requester: ben };
    expect(stillStands(policy, request(policy, byBen), basis, [], makeFacts(), noon)).toBeUndefined();
    const gone = { code: 'unproven', why: 'the rule that approved it no longer does' };
    expect(stillStands(makePolicy(), request(policy, byBen), basis, [], makeFacts(), noon)).toEqual(gone);
    expect(
      stillStands(
        policy,
        request(policy, { ...byBen, durationMs: 46 * 60_000 }),
        basis,
        [],
        makeFacts(),
        noon,
      ),
    ).toEqual(gone);
    const offDuty = makeFacts({ members: { ...makeFacts().members, 'on-call': new Set() } });
    expect(stillStands(policy, request(policy, byBen), basis, [], offDuty, noon)).toEqual(gone);
    expect(
      stillStands(policy, request(policy, byBen), basis, [], { ...offDuty, missing: ['on-call'] }, noon),
    ).toEqual({
      code: 'directory-unavailable',
      missing: ['on-call'],
    });
  });
});

describe('a directory that fails', () => {
  const names = ['payments', 'leads', 'security', 'on-call'];
  const rule = fc.record({
    kind: fc.constantFrom('deny', 'approve'),
    requesters: fc.subarray(names, { minLength: 1 }),
    targets: fc.subarray(['*', 'payments-db', 'wiki'], { minLength: 1 }),
    hours: fc.constantFrom(undefined, monday, tuesday),
  });
  const policies = fc.array(rule, { maxLength: 4 }).map((rules) =>
    withRules(
      ...rules.map(({ kind, requesters, targets, hours }) => ({
        [kind]: { requesters, targets, because: 'x', ...(hours === undefined ? {} : { when: { hours } }) },
      })),
    ),
  );
  const everybody = ['U0ANA', 'U0BEN', 'U0LEA', 'U0LEO', 'U0SEC'];
  const full = fc
    .record(Object.fromEntries(names.map((name) => [name, fc.subarray(everybody)])))
    .map((members) =>
      makeFacts({
        members: Object.fromEntries(Object.entries(members).map(([name, each]) => [name, new Set(each)])),
      }),
    );
  /** The same facts with some groups and accounts that could not be had. */
  const failing = (facts: Facts, lost: readonly string[]): Facts => ({
    ...facts,
    members: Object.fromEntries(Object.entries(facts.members).filter(([name]) => !lost.includes(name))),
    accounts: Object.fromEntries(Object.entries(facts.accounts).filter(([id]) => !lost.includes(id))),
    missing: lost,
  });
  const lost = fc.subarray([...names, ...everybody]);
  const order = ['refused', 'waits', 'approved'];

  it('never gives more than one that answers', () => {
    fc.assert(
      fc.property(policies, full, lost, fc.constantFrom(ana, ben), (policy, facts, gone, requester) => {
        const known = judged(policy, {}, facts, requester).outcome;
        const guessed = judged(policy, {}, failing(facts, gone), requester).outcome;
        expect(order.indexOf(guessed)).toBeLessThanOrEqual(order.indexOf(known));
      }),
      { numRuns: 1_000 },
    );
  });

  it('never lets stand what would not stand if it answered', () => {
    const votes = fc
      .subarray(everybody)
      .map((each) => each.map((person): Vote => ({ person, name: person, answer: 'approve', at: noon })));
    fc.assert(
      fc.property(policies, full, lost, votes, fc.boolean(), (policy, facts, gone, cast, byRule) => {
        const target = targetOf(policy, 'payments-db');
        const asked = makeRequest({ terms: target === undefined ? '' : termsOf(target) });
        const basis = byRule ? ({ by: 'rule', rule: 'x' } as const) : ({ by: 'votes' } as const);
        const known = stillStands(policy, asked, basis, cast, facts, noon);
        const guessed = stillStands(policy, asked, basis, cast, failing(facts, gone), noon);
        if (guessed === undefined) expect(known).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });
});
