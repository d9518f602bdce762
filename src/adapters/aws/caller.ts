/**
 * Who the bot is to IAM. Asked afresh for each grant, so that a rotated identity shows at once.
 *
 * A trust policy cannot name a session, so an assumed-role caller stands for its role: any session of that role
 * may then assume the grants. The session's ARN lacks the role's path; it is read where `iam:GetRole` on the role
 * is permitted, and otherwise taken to be `/`.
 */
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { GrantFault } from '../../ports/grants.ts';
import type { Aws, Caller } from './aws.ts';
import { must, once, type Run } from './patience.ts';

export async function whoAmI(aws: Aws, run: Run): Promise<Caller> {
  const what = 'sts:GetCallerIdentity';
  const me = await must(run, what, (options) => aws.sts.send(new GetCallerIdentityCommand({}), options));
  const arn = me.Arn ?? '';
  const [, partition, service, , account, ...rest] = arn.split(':');
  const [kind, name] = (rest[0] ?? '').split('/');
  if (partition && account && service === 'iam' && kind === 'user')
    return { account, partition, principal: arn };
  if (partition && account && service === 'sts' && kind === 'assumed-role' && name)
    return { account, partition, principal: await roleOfSession(aws, run, { account, partition, name }) };
  throw new GrantFault('invalid', `the bot must be an IAM user or role, not ${arn}`, { retryable: false });
}

async function roleOfSession(
  aws: Aws,
  run: Run,
  of: { readonly account: string; readonly partition: string; readonly name: string },
): Promise<string> {
  const pathless = `arn:${of.partition}:iam::${of.account}:role/${of.name}`;
  const read = await once(run, `iam:GetRole on ${pathless}`, (options) =>
    aws.iam.send(new GetRoleCommand({ RoleName: of.name }), options),
  );
  return (read.ok ? read.value.Role?.Arn : undefined) ?? pathless;
}
