/**
 * Reading one role.
 *
 * IAM's reads trail its writes, so "there is no such role" is believed only when it was heard throughout the
 * settling time: a role created just before a crash must not be overlooked.
 */
import {
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { GrantFault } from '../../ports/grants.ts';
import type { Aws, RoleName } from './aws.ts';
import { policyNames, tagKeys } from './documents.ts';
import { getRole, onRole } from './on-role.ts';
import { everyPage, pause, type Run } from './patience.ts';

export type Role = {
  readonly arn: string;
  readonly trust: unknown;
  readonly boundary: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
};

/** One look, `undefined` where IAM shows no such role. */
export async function readRole(aws: Aws, run: Run, name: RoleName): Promise<Role | undefined> {
  const role = await getRole(aws, run, name);
  if (role === undefined) return undefined;
  return {
    arn: role.Arn ?? '',
    trust: readDocument(role.AssumeRolePolicyDocument),
    boundary: role.PermissionsBoundary?.PermissionsBoundaryArn,
    tags: Object.fromEntries((role.Tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? ''])),
  };
}

/** As {@link readRole}, looking again for the settling time before it says that there is none. */
export async function findRole(aws: Aws, run: Run, name: RoleName): Promise<Role | undefined> {
  const settled = run.clock.now() + aws.settleMs;
  for (let attempt = 0; ; attempt++) {
    const role = await readRole(aws, run, name);
    if (role || run.clock.now() >= settled) return role;
    if (!(await pause(run, attempt)))
      throw new GrantFault('unavailable', `no time left to find ${name.arn}`, { retryable: true });
  }
}

/** Throws `gone` where the role vanished: another call may have revoked it. */
export async function insist(aws: Aws, run: Run, name: RoleName): Promise<void> {
  if (await findRole(aws, run, name)) return;
  throw new GrantFault('gone', `${name.arn} vanished meanwhile`, { retryable: true });
}

/** Throws `foreign` for a role of that name that this install did not make. */
export function claim(aws: Aws, role: Role, name: RoleName): void {
  if (role.arn === name.arn && role.tags[tagKeys.install] === aws.install) return;
  throw new GrantFault('foreign', `${role.arn} exists and is not this install's`, { retryable: false });
}

export async function readInline(aws: Aws, run: Run, name: RoleName, policy: string): Promise<unknown> {
  const input = { RoleName: name.access, PolicyName: policy };
  const answer = await onRole(
    aws,
    run,
    name,
    'GetRolePolicy',
    (options) => aws.iam.send(new GetRolePolicyCommand(input), options),
    { expected: ['NoSuchEntity'] },
  );
  return readDocument(answer?.PolicyDocument);
}

export async function isRevoked(aws: Aws, run: Run, name: RoleName): Promise<boolean> {
  return (await readInline(aws, run, name, policyNames.revoked)) !== undefined;
}

/** Names of the inline policies, `undefined` where there is no such role. */
export async function inlineNames(
  aws: Aws,
  run: Run,
  name: RoleName,
): Promise<readonly string[] | undefined> {
  const pages = await everyPage((page) =>
    onRole(
      aws,
      run,
      name,
      'ListRolePolicies',
      (options) => aws.iam.send(new ListRolePoliciesCommand({ RoleName: name.access, ...page }), options),
      { expected: ['NoSuchEntity'] },
    ),
  );
  return pages?.flatMap((page) => page.PolicyNames ?? []);
}

/** ARNs of the attached policies, `undefined` where there is no such role. */
export async function attachedArns(
  aws: Aws,
  run: Run,
  name: RoleName,
): Promise<readonly string[] | undefined> {
  const pages = await everyPage((page) =>
    onRole(
      aws,
      run,
      name,
      'ListAttachedRolePolicies',
      (options) =>
        aws.iam.send(new ListAttachedRolePoliciesCommand({ RoleName: name.access, ...page }), options),
      { expected: ['NoSuchEntity'] },
    ),
  );
  return pages?.flatMap((page) => page.AttachedPolicies ?? []).flatMap(({ PolicyArn }) => PolicyArn ?? []);
}

/** IAM answers with documents in percent-encoding. What cannot be read equals nothing that we write. */
export function readDocument(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    const document: unknown = JSON.parse(decodeURIComponent(text));
    return document;
  } catch {
    return 'unreadable';
  }
}
