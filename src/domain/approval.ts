/**
 * Whether the votes meet the lines of approvers. Lines are met by a maximum matching of people to lines, so that one
 * person fills one line only and the order of the votes does not matter.
 */
import { type Facts, type Ineligibility, ineligibility, isMember, type PersonId } from './people.ts';
import type { ApproverLine } from './policy.ts';

export type Vote = {
  readonly person: PersonId;
  readonly name: string;
  readonly answer: 'approve' | 'deny';
  /** Epoch milliseconds. */
  readonly at: number;
  readonly reason?: string;
};

export type VoteStanding =
  | { readonly counts: true; readonly line: number }
  /** Entitled, but the lines that take this person are filled by others. */
  | {
      readonly counts: false;
      readonly why: 'not-needed' | 'own-request' | 'not-an-approver' | Ineligibility;
    };

export type Tally = {
  readonly met: boolean;
  readonly lines: readonly {
    readonly from: readonly string[];
    readonly count: number;
    readonly by: readonly PersonId[];
  }[];
  readonly votes: readonly { readonly person: PersonId; readonly standing: VoteStanding }[];
};

/** Why `person` may not vote on `requester`'s request under these lines, or undefined where they may. */
export function barFromVoting(
  lines: readonly ApproverLine[],
  person: PersonId,
  requester: PersonId,
  facts: Facts,
): 'own-request' | 'not-an-approver' | Ineligibility | undefined {
  if (person === requester) return 'own-request';
  const bar = ineligibility(facts.accounts[person], facts.team);
  if (bar !== undefined) return bar;
  return lines.some((line) => isMember(facts, line.from, person)) ? undefined : 'not-an-approver';
}

/** Counts approving votes as they stand by today's `facts`. `met` compares with "at least", and no lines meet nothing. */
export function tally(
  lines: readonly ApproverLine[],
  votes: readonly Vote[],
  requester: PersonId,
  facts: Facts,
): Tally {
  const approving = [
    ...new Set(votes.filter((vote) => vote.answer === 'approve').map((vote) => vote.person)),
  ];
  const bars = new Map(approving.map((person) => [person, barFromVoting(lines, person, requester, facts)]));
  const entitled = approving.filter((person) => bars.get(person) === undefined);
  const seats = lines.flatMap((line, index) => Array.from({ length: line.count }, () => ({ line, index })));

  const takenBy = new Map<number, PersonId>();
  const seat = (person: PersonId, tried: Set<number>): boolean => {
    for (const [place, { line }] of seats.entries()) {
      if (tried.has(place) || !isMember(facts, line.from, person)) continue;
      tried.add(place);
      const holder = takenBy.get(place);
      if (holder === undefined || seat(holder, tried)) {
        takenBy.set(place, person);
        return true;
      }
    }
    return false;
  };
  for (const person of entitled) seat(person, new Set());

  const lineOf = new Map([...takenBy].map(([place, person]) => [person, seats[place]?.index ?? 0]));
  return {
    met: seats.length > 0 && takenBy.size === seats.length,
    lines: lines.map((line, index) => ({
      from: line.from,
      count: line.count,
      by: entitled.filter((person) => lineOf.get(person) === index),
    })),
    votes: approving.map((person) => {
      const line = lineOf.get(person);
      const standing: VoteStanding =
        line === undefined
          ? { counts: false, why: bars.get(person) ?? 'not-needed' }
          : { counts: true, line };
      return { person, standing };
    }),
  };
}
