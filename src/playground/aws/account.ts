/**
 * Everything that the account holds: roles, managed policies, resource policies, live sessions, and the bot.
 *
 * Roles and managed policies are immutable values on a timeline. `roles.get` reads back what was written last;
 * `roles.effective` is what judgement sees, `propagationMs` behind. Holds state and no rules.
 */
import { parseRoleArn } from './arns.ts';
import type { SessionKeys } from './credentials.ts';
import type { PolicyDocument, StoredPolicy } from './policy-document.ts';
import { append, asOf, latest, type Timeline } from './timeline.ts';

export type Role = {
  /** `AROA…`: a role made again under the same name is another role, and old sessions are not its own. */
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly description: string | undefined;
  readonly maxSessionSeconds: number;
  readonly trust: StoredPolicy;
  readonly boundary: string | undefined;
  readonly tags: ReadonlyMap<string, string>;
  readonly inline: ReadonlyMap<string, StoredPolicy>;
  /** ARNs of managed policies. */
  readonly attached: readonly string[];
};

export type ManagedPolicy = {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  readonly createdAt: number;
  readonly policy: StoredPolicy;
};

export type Session = SessionKeys & {
  readonly roleId: string;
  readonly roleName: string;
  readonly sessionName: string;
  readonly sourceIdentity: string | undefined;
  readonly tags: ReadonlyMap<string, string>;
  readonly policies: readonly PolicyDocument[] | undefined;
  readonly issuedAt: number;
  readonly expiresAt: number;
};

export type Bot = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** A user's ARN, or an assumed role's. */
  readonly arn: string;
  readonly policy: StoredPolicy;
};

/** Things by name, each with its past. */
export type Shelf<T> = {
  get(name: string): T | undefined;
  effective(name: string): T | undefined;
  /** Latest versions, by name. */
  all(): readonly T[];
  /** `undefined` removes. */
  put(name: string, value: T | undefined): void;
  /** As if it had always been so: has effect at once. */
  plant(name: string, value: T): void;
};

export type Account = {
  readonly id: string;
  readonly now: () => number;
  readonly roles: Shelf<Role>;
  readonly managed: Shelf<ManagedPolicy>;
  /** By the ARN they guard; they also guard what lies below it. */
  readonly resourcePolicies: Map<string, PolicyDocument>;
  readonly sessions: Map<string, Session>;
  bot: Bot;
};

export function openAccount(options: {
  id: string;
  now: () => number;
  propagationMs: number;
  bot: Bot;
  onChange: () => void;
}): Account {
  const { id, now, propagationMs, bot, onChange } = options;
  return {
    id,
    now,
    bot,
    // IAM tells names apart without regard to case.
    roles: openShelf(now, propagationMs, onChange, (name) => name.toLowerCase()),
    managed: openShelf(now, propagationMs, onChange, (arn) => arn),
    resourcePolicies: new Map(),
    sessions: new Map(),
  };
}

function openShelf<T>(
  now: () => number,
  propagationMs: number,
  onChange: () => void,
  keyOf: (name: string) => string,
): Shelf<T> {
  const timelines = new Map<string, Timeline<T>>();
  const write = (name: string, value: T | undefined, at: number) => {
    const key = keyOf(name);
    timelines.set(key, append(timelines.get(key), at, value, now() - propagationMs));
    onChange();
  };
  return {
    get: (name) => latest(timelines.get(keyOf(name))),
    effective: (name) => asOf(timelines.get(keyOf(name)), now() - propagationMs),
    all: () =>
      [...timelines.entries()]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([, timeline]) => latest(timeline) ?? []),
    put: (name, value) => write(name, value, now()),
    plant: (name, value) => write(name, value, Number.NEGATIVE_INFINITY),
  };
}

/** The role that an ARN names, if its account and path are right. */
export function roleByArn(account: Account, arn: string, view: 'get' | 'effective'): Role | undefined {
  const parsed = parseRoleArn(arn);
  const role = parsed && account.roles[view](parsed.name);
  return role?.arn === arn ? role : undefined;
}

/** What binds a role at this moment. A boundary that no longer resolves allows nothing. */
export function policiesOf(account: Account, role: Role) {
  const attached = role.attached.flatMap((arn) => account.managed.effective(arn)?.policy.document ?? []);
  const inline = [...role.inline.values()].map(({ document }) => document);
  const boundary = role.boundary === undefined ? undefined : account.managed.effective(role.boundary);
  return {
    identityPolicies: [...inline, ...attached],
    boundary: role.boundary === undefined ? undefined : (boundary?.policy.document ?? { statements: [] }),
  };
}
