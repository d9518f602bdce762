/** Which permission an IAM call on a role or a managed policy asks for, with the condition keys IAM supplies. */
import type { Role } from './account.ts';
import { roleArn } from './arns.ts';
import type { Call, Need } from './call.ts';
import { nameOf } from './checks.ts';
import { type ContextKeys, tagKeys } from './context.ts';
import { noSuchEntity } from './errors.ts';

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html */
const withBoundaryKey = new Set([
  'iam:AttachRolePolicy',
  'iam:DeleteRole',
  'iam:DeleteRolePermissionsBoundary',
  'iam:DeleteRolePolicy',
  'iam:DetachRolePolicy',
  'iam:GetRole',
  'iam:PutRolePolicy',
  'iam:UpdateAssumeRolePolicy',
]);

/**
 * A role is asked for by name alone. One that does not exist has no path to look up, so the permission is judged
 * on `role/<name>`: a policy limited to a path answers `AccessDenied`, and not `NoSuchEntity`.
 */
export function needOnRole(action: string, more: (call: Call) => ContextKeys = () => ({})) {
  return (call: Call): readonly Need[] => {
    const name = nameOf(call.params, 'RoleName', 64);
    const role = call.account.roles.get(name);
    return [
      {
        action,
        resource: role?.arn ?? roleArn(call.account.id, '/', name),
        shown: `role ${name}`,
        context: {
          ...(role && tagKeys('aws:ResourceTag', role.tags)),
          ...(role && tagKeys('iam:ResourceTag', role.tags)),
          'iam:PermissionsBoundary': withBoundaryKey.has(action) ? role?.boundary : undefined,
          ...more(call),
        },
      },
    ];
  };
}

export function needOnPolicy(action: string) {
  return (call: Call): readonly Need[] => {
    const arn = call.params.required('PolicyArn');
    return [{ action, resource: arn, shown: `policy ${arn}` }];
  };
}

export function roleOf({ account, params }: Call): Role {
  const name = params.required('RoleName');
  const role = account.roles.get(name);
  if (role === undefined) throw noSuchEntity(`The role with name ${name} cannot be found.`);
  return role;
}
