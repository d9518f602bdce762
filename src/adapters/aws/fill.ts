/**
 * Gives a role whose end stands what its spec says, takes away what an adopted one had besides, and reads all back,
 * the end included: one that vanished meanwhile, or a `revoked` that appeared, is found here.
 */
import { isDeepStrictEqual } from 'node:util';
import { AttachRolePolicyCommand } from '@aws-sdk/client-iam';
import { GrantFault, type GrantSpec } from '../../ports/grants.ts';
import type { Aws, RoleName } from './aws.ts';
import { endPolicy, policyNames, selfPolicy } from './documents.ts';
import { onRole } from './on-role.ts';
import { awaited, type Run, type Send } from './patience.ts';
import { attachedArns, inlineNames, insist, readInline } from './role.ts';
import { deleteInline, detach, writeInline } from './write-role.ts';

export async function fill(aws: Aws, run: Run, name: RoleName, spec: GrantSpec): Promise<void> {
  const wanted = inlineOf(spec, name);
  for (const PolicyName of (await inlineNames(aws, run, name)) ?? [])
    if (!Object.hasOwn(wanted, PolicyName) && PolicyName !== policyNames.revoked)
      await deleteInline(aws, run, name, PolicyName);
  const attached = (await attachedArns(aws, run, name)) ?? [];
  for (const PolicyArn of attached)
    if (!spec.aws.managed.includes(PolicyArn)) await detach(aws, run, name, PolicyArn);
  for (const arn of spec.aws.managed) if (!attached.includes(arn)) await attach(aws, run, name, arn);
  for (const [policy, document] of Object.entries(wanted))
    if (policy !== policyNames.end) await writeInline(aws, run, name, policy, document);
  await readBack(aws, run, name, spec);
}

async function attach(aws: Aws, run: Run, name: RoleName, PolicyArn: string): Promise<void> {
  const input = { RoleName: name.access, PolicyArn };
  const send: Send<unknown> = (options) => aws.iam.send(new AttachRolePolicyCommand(input), options);
  try {
    await onRole(aws, run, name, 'AttachRolePolicy', send, { lagMs: aws.settleMs });
  } catch (error) {
    // NoSuchEntity speaks of the role or of the policy.
    if (!(error instanceof GrantFault) || error.code !== 'gone') throw error;
    await insist(aws, run, name);
    const message = `the managed policy ${PolicyArn} does not exist or cannot be attached`;
    throw new GrantFault('invalid', message, { retryable: false, cause: error.cause });
  }
}

async function readBack(aws: Aws, run: Run, name: RoleName, spec: GrantSpec): Promise<void> {
  const wanted = inlineOf(spec, name);
  await awaited(run, `the grant in ${name.arn}`, async () => {
    const inline = await inlineNames(aws, run, name);
    if (inline === undefined) await insist(aws, run, name);
    if (inline?.includes(policyNames.revoked))
      throw new GrantFault('gone', 'no grant: it was revoked', { retryable: false });
    const attached = await attachedArns(aws, run, name);
    if (!sameNames(inline, Object.keys(wanted)) || !sameNames(attached, spec.aws.managed)) return false;
    for (const [policy, document] of Object.entries(wanted))
      if (!isDeepStrictEqual(await readInline(aws, run, name, policy), document)) return false;
    return true;
  });
}

function inlineOf(spec: GrantSpec, name: RoleName) {
  return {
    [policyNames.end]: endPolicy(spec.endsAt),
    ...(spec.aws.policy ? { [policyNames.allow]: spec.aws.policy } : {}),
    [policyNames.self]: selfPolicy(name.arn),
  };
}

function sameNames(found: readonly string[] | undefined, wanted: readonly string[]): boolean {
  return found !== undefined && isDeepStrictEqual([...found].sort(), [...wanted].sort());
}
