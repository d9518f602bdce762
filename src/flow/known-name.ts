/**
 * A person by the name that the directory has, which is what signing in tells too: one person has one name in a trail.
 * What a payload calls them stands where the directory has nothing. Names are for reading, never for deciding.
 */
import type { Person } from '../domain/people.ts';
import { cleanText } from '../domain/request.ts';
import type { Flow } from './deps.ts';

const nameMax = 80;

export async function knownName(
  { directory, policy }: Pick<Flow, 'directory' | 'policy'>,
  person: Person,
): Promise<Person> {
  const { accounts } = await directory.facts(policy.current(), [], [person.id]);
  const name = cleanText(accounts[person.id]?.name ?? '', nameMax);
  return name === '' ? person : { id: person.id, name };
}
