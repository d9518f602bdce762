/**
 * Who people are and which groups they are in, no older than five minutes.
 *
 * `facts` never throws: what could not be looked up is absent and named in `missing`, so that a failed look-up denies.
 */
import type { Facts, PersonId } from '../domain/people.ts';
import type { Policy } from '../domain/policy.ts';

export interface Directory {
  facts(policy: Policy, groups: readonly string[], people: readonly PersonId[]): Promise<Facts>;
}
