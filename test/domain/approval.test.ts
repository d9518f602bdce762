import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barFromVoting, type Tally, tally, type Vote } from '../../src/domain/approval.ts';
import type { Facts } from '../../src/domain/people.ts';
import type { ApproverLine } from '../../src/domain/policy.ts';
import { account, makeFacts, noon } from '../support/builders.ts';

function vote(person: string, answer: Vote['answer'] = 'approve'): Vote {
  return { person, name: person.toLowerCase(), answer, at: noon };
}

const twoLines: readonly ApproverLine[] = [
  { from: ['leads'], count: 1 },
  { from: ['security'], count: 1 },
];

function count(lines: readonly ApproverLine[], people: readonly string[], facts = makeFacts()): Tally {
  return tally(
    lines,
    people.map((person) => vote(person)),
    'U0ANA',
    facts,
  );
}

describe('who may vote', () => {
  const bar = (person: string, facts: Facts = makeFacts()) => barFromVoting(twoLines, person, 'U0ANA', facts);

  it('is whoever a line takes', () => {
    expect(bar('U0LEA')).toBeUndefined();
    expect(bar('U0SEC')).toBeUndefined();
  });

  it('is nobody else, and each is told why', () => {
    expect(bar('U0OUT')).toBe('not-an-approver');
    expect(bar('U0ANA')).toBe('own-request');
    expect(bar('U0NEW')).toBe('unknown');
    const guests = makeFacts({ accounts: { U0LEA: account('U0LEA', { restricted: true }) } });
    expect(bar('U0LEA', guests)).toBe('guest');
    expect(bar('U0LEA', makeFacts({ members: {}, missing: ['leads', 'security'] }))).toBe('not-an-approver');
  });

  it('is never the requester, though a lead', () => {
    const members = { ...makeFacts().members, leads: new Set(['U0ANA', 'U0LEA']) };
    expect(bar('U0ANA', makeFacts({ members }))).toBe('own-request');
  });
});

describe('counting', () => {
  it('says which line each vote fills, and which line still lacks whom', () => {
    expect(count(twoLines, ['U0LEA'])).toEqual({
      met: false,
      lines: [
        { from: ['leads'], count: 1, by: ['U0LEA'] },
        { from: ['security'], count: 1, by: [] },
      ],
      votes: [{ person: 'U0LEA', standing: { counts: true, line: 0 } }],
    });
    expect(count(twoLines, ['U0LEA', 'U0SEC'])).toMatchObject({
      met: true,
      lines: [{ by: ['U0LEA'] }, { by: ['U0SEC'] }],
    });
  });

  it('says why a vote does not count', () => {
    const facts = makeFacts({
      accounts: { ...makeFacts().accounts, U0SEC: account('U0SEC', { deleted: true }) },
    });
    expect(count(twoLines, ['U0LEA', 'U0LEO', 'U0OUT', 'U0ANA', 'U0NEW', 'U0SEC'], facts).votes).toEqual([
      { person: 'U0LEA', standing: { counts: true, line: 0 } },
      { person: 'U0LEO', standing: { counts: false, why: 'not-needed' } },
      { person: 'U0OUT', standing: { counts: false, why: 'not-an-approver' } },
      { person: 'U0ANA', standing: { counts: false, why: 'own-request' } },
      { person: 'U0NEW', standing: { counts: false, why: 'unknown' } },
      { person: 'U0SEC', standing: { counts: false, why: 'deactivated' } },
    ]);
  });

  it('moves somebody who fits two lines to the one that only they can fill', () => {
    const lines: ApproverLine[] = [
      { from: ['leads', 'security'], count: 1 },
      { from: ['security'], count: 1 },
    ];
    const tallied = count(lines, ['U0SEC', 'U0LEA']);
    expect(tallied.met).toBe(true);
    expect(tallied.lines.map(({ by }) => by)).toEqual([['U0LEA'], ['U0SEC']]);
  });

  it('fills one line only with one person', () => {
    const both: ApproverLine[] = [
      { from: ['leads'], count: 1 },
      { from: ['leads'], count: 1 },
    ];
    expect(count(both, ['U0LEA']).met).toBe(false);
    expect(count(both, ['U0LEA', 'U0LEA', 'U0LEA'])).toMatchObject({
      met: false,
      votes: [{ person: 'U0LEA' }],
    });
    expect(count(both, ['U0LEA', 'U0LEO']).met).toBe(true);
  });

  it('asks a line of two for two people', () => {
    const lines: ApproverLine[] = [{ from: ['leads'], count: 2 }];
    expect(count(lines, ['U0LEA']).met).toBe(false);
    expect(count(lines, ['U0LEA', 'U0LEO']).met).toBe(true);
  });

  it('counts no denial as an approval', () =>
    expect(tally(twoLines, [vote('U0LEA', 'deny'), vote('U0SEC')], 'U0ANA', makeFacts())).toMatchObject({
      met: false,
      votes: [{ person: 'U0SEC' }],
    }));

  it('meets nothing where there are no lines', () => expect(count([], ['U0LEA']).met).toBe(false));
});

const people = ['U0A', 'U0B', 'U0C', 'U0D', 'U0E'];
const groups = ['red', 'green', 'blue'];

const facts: fc.Arbitrary<Facts> = fc
  .record({
    members: fc.record(Object.fromEntries(groups.map((group) => [group, fc.subarray(people)]))),
    known: fc.subarray(people, { minLength: 3 }),
    guests: fc.subarray(people, { maxLength: 1 }),
  })
  .map(({ members, known, guests }) =>
    makeFacts({
      members: Object.fromEntries(Object.entries(members).map(([name, each]) => [name, new Set(each)])),
      accounts: Object.fromEntries(known.map((id) => [id, account(id, { restricted: guests.includes(id) })])),
    }),
  );
const lines = fc.array(
  fc.record({ from: fc.subarray(groups, { minLength: 1 }), count: fc.integer({ min: 1, max: 2 }) }),
  {
    maxLength: 3,
  },
);
const voters = fc.array(fc.constantFrom(...people), { maxLength: 8 });
const votesOf = (each: readonly string[]): Vote[] => each.map((person) => vote(person));

/** Tries every way to seat distinct entitled people. */
function bruteForce(
  wanted: readonly ApproverLine[],
  approving: readonly string[],
  requester: string,
  known: Facts,
): boolean {
  const seats = wanted.flatMap((line) => Array.from({ length: line.count }, () => line));
  const fill = (place: number, left: ReadonlySet<string>): boolean => {
    const line = seats[place];
    if (line === undefined) return true;
    return [...left].some(
      (person) =>
        line.from.some((group) => known.members[group]?.has(person)) &&
        fill(place + 1, new Set([...left].filter((each) => each !== person))),
    );
  };
  const able = approving.filter((person) => {
    const found = known.accounts[person];
    return person !== requester && found !== undefined && !found.restricted;
  });
  return seats.length > 0 && fill(0, new Set(able));
}

describe('for all lines, votes and facts', () => {
  const runs = { numRuns: 1_000 };

  it('the matching finds what trying everything finds', () => {
    fc.assert(
      fc.property(lines, voters, facts, (wanted, approving, known) => {
        expect(tally(wanted, votesOf(approving), 'U0A', known).met).toBe(
          bruteForce(wanted, approving, 'U0A', known),
        );
      }),
      runs,
    );
  });

  it('nobody fills two lines, nobody fills a line that does not take them, and the requester fills none', () => {
    fc.assert(
      fc.property(lines, voters, facts, (wanted, approving, known) => {
        const tallied = tally(wanted, votesOf(approving), 'U0A', known);
        const filled = tallied.lines.flatMap(({ by }) => by);
        expect(new Set(filled).size).toBe(filled.length);
        expect(filled).not.toContain('U0A');
        for (const { from, count: most, by } of tallied.lines) {
          expect(by.length).toBeLessThanOrEqual(most);
          for (const person of by) expect(from.some((group) => known.members[group]?.has(person))).toBe(true);
        }
        expect(tallied.met).toBe(
          tallied.lines.length > 0 && tallied.lines.every(({ count: most, by }) => by.length === most),
        );
      }),
      runs,
    );
  });

  it('says of each voter once whether they count, and the lines agree', () => {
    fc.assert(
      fc.property(lines, voters, facts, (wanted, approving, known) => {
        const tallied = tally(wanted, votesOf(approving), 'U0A', known);
        expect(tallied.votes.map(({ person }) => person)).toEqual([...new Set(approving)]);
        for (const { person, standing } of tallied.votes) {
          const filling = tallied.lines.findIndex(({ by }) => by.includes(person));
          expect(standing.counts ? standing.line : -1).toBe(filling);
        }
      }),
      runs,
    );
  });

  it('the order of the votes does not matter', () => {
    fc.assert(
      fc.property(lines, voters, facts, fc.infiniteStream(fc.nat()), (wanted, approving, known, chance) => {
        const shuffled = approving
          .map((person) => ({ person, at: chance.next().value }))
          .sort((one, other) => one.at - other.at);
        const other = votesOf(shuffled.map(({ person }) => person));
        expect(tally(wanted, other, 'U0A', known).met).toBe(
          tally(wanted, votesOf(approving), 'U0A', known).met,
        );
      }),
      runs,
    );
  });

  it('taking an entitlement, an account or a vote away never turns unmet into met', () => {
    fc.assert(
      fc.property(
        lines,
        voters,
        facts,
        fc.constantFrom(...groups),
        fc.constantFrom(...people),
        (wanted, approving, known, group, person) => {
          const without = (each: ReadonlySet<string> = new Set()): Set<string> =>
            new Set([...each].filter((one) => one !== person));
          const { [person]: _, ...accounts } = known.accounts;
          const poorer: readonly [Facts, readonly string[]][] = [
            [{ ...known, members: { ...known.members, [group]: without(known.members[group]) } }, approving],
            [{ ...known, accounts }, approving],
            [known, approving.filter((each) => each !== person)],
          ];
          for (const [less, votes] of poorer) {
            if (tally(wanted, votesOf(votes), 'U0A', less).met)
              expect(tally(wanted, votesOf(approving), 'U0A', known).met).toBe(true);
          }
        },
      ),
      runs,
    );
  });
});
