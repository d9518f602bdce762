/**
 * A session of a granted role, and what one harmless call of it shows.
 *
 * `iam:GetRole` on itself, because GetCallerIdentity succeeds even under an explicit deny and so proves nothing.
 */
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import type { Aws, RoleName } from './aws.ts';
import type { SessionCredentials } from './clients.ts';
import { once, type Run, type Tried } from './patience.ts';
import type { Trouble } from './trouble.ts';

/** STS's shortest. The role's own end cuts it where less is left. */
const sessionSeconds = 900;

/** @returns credentials of the role as `requester`. Tries once. */
export async function assume(
  aws: Aws,
  run: Run,
  name: RoleName,
  requester: string,
): Promise<Tried<SessionCredentials & { readonly expiresAt: number }>> {
  const input = {
    RoleArn: name.arn,
    RoleSessionName: name.access,
    SourceIdentity: requester,
    DurationSeconds: sessionSeconds,
  };
  const what = `sts:AssumeRole and sts:SetSourceIdentity on ${name.arn}`;
  return await once(run, what, async (options) => {
    const { Credentials } = await aws.sts.send(new AssumeRoleCommand(input), options);
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration)
      throw new Error('no credentials in the answer');
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiresAt: Expiration.getTime(),
    };
  });
}

export type Seen =
  /** IAM let the role act: also where it could no longer find the role. */
  | { readonly as: 'alive' }
  /** By explicit deny in the role's own policies. */
  | { readonly as: 'refused'; readonly trouble: Trouble }
  /** By explicit deny elsewhere, such as the boundary or an organisation's policy: this tells nothing of ours. */
  | { readonly as: 'fenced'; readonly trouble: Trouble }
  /** Merely not allowed. */
  | { readonly as: 'not-allowed'; readonly trouble: Trouble }
  /** No answer about rights: throttled, no connection, or credentials that IAM does not know yet. */
  | { readonly as: 'unclear'; readonly trouble: Trouble };

export async function seeSelf(
  aws: Aws,
  run: Run,
  name: RoleName,
  credentials: SessionCredentials,
): Promise<Seen> {
  const iam = aws.makeIamWith(credentials);
  const read = await once(run, `iam:GetRole on ${name.arn} by itself`, (options) =>
    iam.send(new GetRoleCommand({ RoleName: name.access }), options),
  );
  if (read.ok || read.trouble.name === 'NoSuchEntity') return { as: 'alive' };
  const { trouble } = read;
  if (trouble.name !== 'AccessDenied') return { as: 'unclear', trouble };
  if (!trouble.message.includes('with an explicit deny')) return { as: 'not-allowed', trouble };
  const elsewhere = /explicit deny in an? (?!identity-based)/.test(trouble.message);
  return { as: elsewhere ? 'fenced' : 'refused', trouble };
}
