/**
 * What IAM would refuse halfway, refused before the first call. Throws `GrantFault` `invalid`, which trying again
 * does not mend.
 *
 * Sizes: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html. IAM leaves white space out of
 * the count; here it counts, so that the limit is kept either way.
 */
import { isAccessId } from '../../domain/ids.ts';
import { GrantFault, type GrantSpec } from '../../ports/grants.ts';
import {
  endPolicy,
  isoSecond,
  type PolicyDocument,
  revokedPolicy,
  roleArn,
  selfPolicy,
} from './documents.ts';

/** Characters of all inline policies of a role together. */
const inlineLimit = 10_240;
const trustLimit = 2_048;

/** Allowed in session names and source identities. */
const identityPattern = /^[\w+=,.@-]{2,64}$/;
const policyArnPattern = /^arn:aws[a-z-]*:iam::(aws|\d{12}):policy\/[\w+=,.@/-]{1,600}$/;

export function checkSpec(spec: GrantSpec): void {
  const { aws } = spec;
  must(isAccessId(spec.access), `${spec.access} is not an access id`);
  must(isSourceIdentity(spec.requester), 'the requester cannot be a source identity');
  must(/^[a-z0-9-]{1,128}$/.test(spec.target), 'the target cannot be a tag');
  must(/^\d{12}$/.test(aws.account), 'the account is not twelve digits');
  must(policyArnPattern.test(aws.boundary), 'the boundary is not the ARN of a policy');
  for (const arn of aws.managed) must(policyArnPattern.test(arn), `${arn} is not the ARN of a policy`);
  must(new Set(aws.managed).size === aws.managed.length, 'a managed policy is named twice');
  checkEnd(spec.endsAt);
  const inline = [endPolicy(spec.endsAt), selfPolicy(roleArn(aws.account, spec.access)), revokedPolicy()];
  const size = [...inline, ...(aws.policy ? [aws.policy] : [])].map(sizeOf).reduce((sum, each) => sum + each);
  must(size <= inlineLimit, `the inline policies take ${size} of ${inlineLimit} characters`);
}

export function isSourceIdentity(text: string): boolean {
  return identityPattern.test(text);
}

export function checkEnd(endsAt: number): void {
  try {
    isoSecond(endsAt);
  } catch (cause) {
    throw new GrantFault('invalid', 'the end is not a whole second', { retryable: false, cause });
  }
}

export function checkTrust(trust: PolicyDocument): void {
  const size = sizeOf(trust);
  must(size <= trustLimit, `the trust policy takes ${size} of ${trustLimit} characters`);
}

function sizeOf(document: unknown): number {
  return JSON.stringify(document).length;
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new GrantFault('invalid', otherwise, { retryable: false });
}
