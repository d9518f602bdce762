/** From a signed request to the caller behind it, or one of the refusals AWS has for a bad key. */
import { type Account, type Bot, policiesOf, type Session } from './account.ts';
import { parseSessionArn, roleArn, sessionArn } from './arns.ts';
import type { Caller } from './caller.ts';
import { tagKeys } from './context.ts';
import { expiredToken, invalidToken, signatureMismatch } from './errors.ts';
import { type Claim, type SignedRequest, verifySignature } from './sigv4.ts';

/** How far a request's own time may be off, in milliseconds, and the clock that it is held against. */
export type Skew = { readonly maxMs: number; readonly now: () => number };

export function authenticate(account: Account, request: SignedRequest, claim: Claim, skew: Skew): Caller {
  const session = account.sessions.get(claim.accessKeyId);
  const keys = session ?? (account.bot.accessKeyId === claim.accessKeyId ? account.bot : undefined);
  if (keys === undefined || keys.sessionToken !== claim.sessionToken) throw invalidToken();
  verifySignature(request, claim, keys.secretAccessKey);
  const offMs = skew.now() - claim.signedAt;
  if (offMs > skew.maxMs) throw signatureMismatch(`Signature expired: ${claim.amzDate} is too long ago`);
  if (-offMs > skew.maxMs) throw signatureMismatch(`Signature not yet current: ${claim.amzDate}`);
  return session === undefined ? botCaller(account) : sessionCaller(account, session);
}

export function botCaller({ id, bot }: Account): Caller {
  const session = parseSessionArn(bot.arn);
  const userId = session ? `AROABOT0000000000000B:${session.session}` : 'AIDABOT0000000000000B';
  return {
    arn: bot.arn,
    principalArn: principalArnOf(bot, id),
    account: id,
    userId,
    kind: session ? 'session' : 'user',
    identityPolicies: [bot.policy.document],
    boundary: undefined,
    sessionPolicies: undefined,
    sourceIdentity: undefined,
    context: {
      'aws:PrincipalType': session ? 'AssumedRole' : 'User',
      'aws:username': session ? undefined : bot.arn.split('/').at(-1),
    },
  };
}

/** Where the bot is an assumed role, its path cannot be told from the session: it is taken to be `/`. */
export function principalArnOf(bot: Bot, account: string): string {
  const session = parseSessionArn(bot.arn);
  return session ? roleArn(account, '/', session.role) : bot.arn;
}

/** Refused as soon as the role's deletion took effect, also where a new role bears its name. */
function sessionCaller(account: Account, session: Session): Caller {
  if (account.now() >= session.expiresAt) throw expiredToken();
  const role = account.roles.effective(session.roleName);
  if (role?.id !== session.roleId) throw invalidToken();
  return {
    arn: sessionArn(account.id, role.name, session.sessionName),
    principalArn: role.arn,
    account: account.id,
    userId: `${role.id}:${session.sessionName}`,
    kind: 'session',
    ...policiesOf(account, role),
    sessionPolicies: session.policies,
    sourceIdentity: session.sourceIdentity,
    context: {
      ...tagKeys('aws:PrincipalTag', new Map([...role.tags, ...session.tags])),
      'aws:PrincipalType': 'AssumedRole',
      'aws:MultiFactorAuthPresent': 'false',
      'aws:SourceIdentity': session.sourceIdentity,
      'aws:TokenIssueTime': new Date(session.issuedAt).toISOString(),
    },
  };
}
