/** A directory in memory: groups and accounts that a test changes, and names for which it does not answer. */
import type { Account, PersonId } from '../../src/domain/people.ts';
import type { Directory } from '../../src/ports/directory.ts';
import { account, makeFacts, team } from './builders.ts';

export type MemoryDirectory = Directory & {
  readonly groups: Map<string, Set<PersonId>>;
  readonly accounts: Map<PersonId, Account>;
  /** Groups and people that cannot be looked up at present. */
  readonly down: Set<string>;
  change(person: PersonId, change: Partial<Account>): void;
};

export function memoryDirectory(): MemoryDirectory {
  const facts = makeFacts();
  const groups = new Map(Object.entries(facts.members).map(([name, members]) => [name, new Set(members)]));
  const accounts = new Map(Object.entries(facts.accounts));
  const down = new Set<string>();
  return {
    groups,
    accounts,
    down,
    change: (person, change) => void accounts.set(person, account(person, change)),
    async facts(_policy, wanted, people) {
      const hadGroups = wanted.filter((name) => !down.has(name));
      const hadPeople = people.filter((id) => !down.has(id) && accounts.has(id));
      return {
        team,
        members: Object.fromEntries(hadGroups.map((name) => [name, new Set(groups.get(name))])),
        accounts: Object.fromEntries(hadPeople.map((id) => [id, accounts.get(id) ?? account(id)])),
        missing: [...wanted, ...people].filter((name) => down.has(name)),
      };
    },
  };
}
