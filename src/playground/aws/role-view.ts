/** A role as a pane shows it: what was written last, whether it has effect yet or not. */
import type { Account, Role } from './account.ts';

export type RoleView = {
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly boundary: string | undefined;
  readonly trust: unknown;
  /** Documents by name. */
  readonly inline: Readonly<Record<string, unknown>>;
  readonly attached: readonly string[];
  /** Sessions whose credentials have not expired, whether they are still allowed anything or not. */
  readonly liveSessions: number;
};

export function viewRoles(account: Account): readonly RoleView[] {
  return account.roles.all().map((role) => {
    const { name, path, arn, createdAt, boundary, attached } = role;
    return {
      name,
      path,
      arn,
      createdAt,
      boundary,
      attached,
      tags: Object.fromEntries(role.tags),
      trust: JSON.parse(role.trust.text),
      inline: Object.fromEntries([...role.inline].map(([policy, { text }]) => [policy, JSON.parse(text)])),
      liveSessions: liveSessionsOf(account, role),
    };
  });
}

function liveSessionsOf(account: Account, role: Role): number {
  const sessions = account.sessions.values();
  return sessions.filter(({ roleId, expiresAt }) => roleId === role.id && expiresAt > account.now()).toArray()
    .length;
}
