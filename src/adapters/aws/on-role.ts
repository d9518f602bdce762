/**
 * Calls on a role by name. A bot whose rights end at our path may get AccessDenied instead of NoSuchEntity for a role
 * that is not there: without the role IAM knows no path to judge by. So a denial is checked by asking for the role,
 * which the bot may do for any name of ours (docs/aws-setup.md).
 */
import { GetRoleCommand, type Role as IamRole } from '@aws-sdk/client-iam';
import type { Aws, RoleName } from './aws.ts';
import { call, once, type Run, type Send } from './patience.ts';

type Options = {
  /** Errors that are answered by `undefined`. */
  readonly expected?: readonly string[];
  /** How long `NoSuchEntity` may mean "not seen yet". */
  readonly lagMs?: number;
};

/** @param action as in `iam:PutRolePolicy`, without the prefix. */
export async function onRole<T>(
  aws: Aws,
  run: Run,
  name: RoleName,
  action: string,
  send: Send<T>,
  options: Options = {},
): Promise<T | undefined> {
  const isAbsent = async () => {
    const read = await once(run, `iam:GetRole on ${name.arn}`, (abort) =>
      aws.iam.send(new GetRoleCommand({ RoleName: name.access }), abort),
    );
    return !read.ok && read.trouble.name === 'NoSuchEntity';
  };
  return await call(run, `iam:${action} on ${name.arn}`, send, { ...options, isAbsent });
}

/** `undefined` where IAM shows no such role. */
export async function getRole(aws: Aws, run: Run, name: RoleName): Promise<IamRole | undefined> {
  const what = `iam:GetRole on ${name.arn}`;
  const send: Send<{ Role?: IamRole | undefined }> = (abort) =>
    aws.iam.send(new GetRoleCommand({ RoleName: name.access }), abort);
  const answer = await call(run, what, send, { expected: ['NoSuchEntity'] });
  return answer?.Role;
}
