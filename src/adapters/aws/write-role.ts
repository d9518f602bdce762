/**
 * Writing one role. Every write is read back before it counts; what takes away is read back by whoever asked for it. A
 * role that turns out to be gone is `GrantFault` `gone`, but to what takes away.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import type { Aws, RoleName } from './aws.ts';
import { isoSecond, type PolicyDocument, tagKeys } from './documents.ts';
import { onRole } from './on-role.ts';
import { awaited, type Run, type Send } from './patience.ts';
import { insist, readInline, readRole } from './role.ts';

export async function writeInline(
  aws: Aws,
  run: Run,
  name: RoleName,
  policy: string,
  document: PolicyDocument | Readonly<Record<string, unknown>>,
): Promise<void> {
  const PolicyDocument = JSON.stringify(document);
  const input = { RoleName: name.access, PolicyName: policy, PolicyDocument };
  const send: Send<unknown> = (options) => aws.iam.send(new PutRolePolicyCommand(input), options);
  await onRole(aws, run, name, 'PutRolePolicy', send, { lagMs: aws.settleMs });
  await awaited(run, `policy ${policy} of ${name.arn}`, async () => {
    const found = await readInline(aws, run, name, policy);
    if (found === undefined) await insist(aws, run, name);
    return isDeepStrictEqual(found, document);
  });
}

/** Writes the end where the sweep reads it. */
export async function tagEnd(aws: Aws, run: Run, name: RoleName, endsAt: number): Promise<void> {
  const Tags = [{ Key: tagKeys.endsAt, Value: isoSecond(endsAt) }];
  const send: Send<unknown> = (options) =>
    aws.iam.send(new TagRoleCommand({ RoleName: name.access, Tags }), options);
  await onRole(aws, run, name, 'TagRole', send, { lagMs: aws.settleMs });
  await awaited(run, `the tag of ${name.arn}`, async () => {
    const role = await readRole(aws, run, name);
    return role?.tags[tagKeys.endsAt] === isoSecond(endsAt);
  });
}

/** Makes the role assumable as `trust` says and in no other way. */
export async function pinTrust(aws: Aws, run: Run, name: RoleName, trust: PolicyDocument): Promise<void> {
  const input = { RoleName: name.access, PolicyDocument: JSON.stringify(trust) };
  const send: Send<unknown> = (options) => aws.iam.send(new UpdateAssumeRolePolicyCommand(input), options);
  await onRole(aws, run, name, 'UpdateAssumeRolePolicy', send, { lagMs: aws.settleMs });
  await awaited(run, `the trust policy of ${name.arn}`, async () =>
    isDeepStrictEqual((await readRole(aws, run, name))?.trust, trust),
  );
}

/** Already absent is done. */
export async function detach(aws: Aws, run: Run, name: RoleName, PolicyArn: string): Promise<void> {
  const input = { RoleName: name.access, PolicyArn };
  const send: Send<unknown> = (options) => aws.iam.send(new DetachRolePolicyCommand(input), options);
  await onRole(aws, run, name, 'DetachRolePolicy', send, { expected: ['NoSuchEntity'] });
}

/** Already absent is done. */
export async function deleteInline(aws: Aws, run: Run, name: RoleName, PolicyName: string): Promise<void> {
  const input = { RoleName: name.access, PolicyName };
  const send: Send<unknown> = (options) => aws.iam.send(new DeleteRolePolicyCommand(input), options);
  await onRole(aws, run, name, 'DeleteRolePolicy', send, { expected: ['NoSuchEntity'] });
}
