/** Who makes a call, with every policy that binds it at that moment. */
import { accountOfRoot } from './arns.ts';
import type { ContextKeys } from './context.ts';
import type { PolicyDocument, Statement } from './policy-document.ts';

export type Caller = {
  /** As `GetCallerIdentity` and denials name it: a user's ARN or a session's. */
  readonly arn: string;
  /** The user, or the role whose session this is: what `aws:PrincipalArn` holds. */
  readonly principalArn: string;
  readonly account: string;
  /** `AIDA…` of a user, `AROA…:session` of a session. */
  readonly userId: string;
  readonly kind: 'user' | 'session';
  readonly identityPolicies: readonly PolicyDocument[];
  readonly boundary: PolicyDocument | undefined;
  /** Undefined where the session was made without any; an empty intersection is not the same as none. */
  readonly sessionPolicies: readonly PolicyDocument[] | undefined;
  readonly sourceIdentity: string | undefined;
  /** What the caller itself adds to the context of each of its requests. */
  readonly context: ContextKeys;
};

/**
 * How directly a resource policy names a caller. The nearer, the less else is asked (see `authorize.ts`):
 * `itself` is the session's own ARN or the user's, `role` the session's role, `account` a mere delegation.
 */
export type Nearness = 'itself' | 'role' | 'account';

export function nearest(statements: readonly Statement[], caller: Caller): Nearness | undefined {
  const found = statements.map((statement) => nearnessOf(statement, caller));
  return (['itself', 'role', 'account'] as const).find((nearness) => found.includes(nearness));
}

/** `*` names everyone, and so the session itself. */
export function nearnessOf({ principals = [] }: Statement, caller: Caller): Nearness | undefined {
  if (principals.includes('*') || principals.includes(caller.arn)) return 'itself';
  if (principals.includes(caller.principalArn)) return 'role';
  return principals.some((principal) => accountOfRoot(principal) === caller.account) ? 'account' : undefined;
}
