/**
 * People are Slack user ids of our team. Names are for reading, never for deciding.
 */

export type PersonId = string;

export type Person = { readonly id: PersonId; readonly name: string };

/** What Slack says of an account, as far as authority hangs on it. */
export type Account = {
  readonly id: PersonId;
  readonly team: string;
  readonly name: string;
  readonly deleted: boolean;
  readonly bot: boolean;
  /** Multi-channel guest. */
  readonly restricted: boolean;
  /** Single-channel guest. */
  readonly ultraRestricted: boolean;
  /** From a workspace that we only share a channel with. */
  readonly stranger: boolean;
};

export type Ineligibility = 'unknown' | 'other-team' | 'deactivated' | 'bot' | 'guest' | 'stranger';

/**
 * Why this account may neither ask nor vote, or undefined where it may.
 * An account that could not be looked up is `unknown`: a failed look-up denies.
 */
export function ineligibility(account: Account | undefined, team: string): Ineligibility | undefined {
  if (account === undefined) return 'unknown';
  if (account.stranger) return 'stranger';
  if (account.team !== team) return 'other-team';
  if (account.deleted) return 'deactivated';
  if (account.bot) return 'bot';
  if (account.restricted || account.ultraRestricted) return 'guest';
  return undefined;
}

/**
 * What the directory said at one moment. A group or account that could not be had is absent, and absent counts as
 * "not a member", "not eligible"; `missing` names it, so that the refusal can say why.
 */
export type Facts = {
  readonly team: string;
  readonly members: Readonly<Record<string, ReadonlySet<PersonId>>>;
  readonly accounts: Readonly<Record<PersonId, Account>>;
  /** Groups and people that could not be looked up. */
  readonly missing: readonly string[];
};

export function isMember(facts: Facts, groups: readonly string[], person: PersonId): boolean {
  return groups.some(
    (group) => Object.hasOwn(facts.members, group) && facts.members[group]?.has(person) === true,
  );
}
