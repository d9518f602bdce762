/**
 * The documents and tags that one grant consists of, as data. Pure: what stands here is what IAM is sent, and what
 * is read back must equal it.
 *
 * The trust policy has two statements because IAM offers `sts:RoleSessionName` for AssumeRole only: as a condition
 * of SetSourceIdentity it would never hold.
 */
import type { AccessId } from '../../domain/ids.ts';

export type Statement = {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: { readonly AWS: string };
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

export type PolicyDocument = {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
};

/** Every role of ours lives here, so that the bot's rights can end here. */
export const rolePath = '/prod-access/';

/** Inline policies of a granted role. `revoked` is written once and removed last: nothing else ever touches it. */
export const policyNames = { end: 'end', self: 'self', allow: 'allow', revoked: 'revoked' } as const;

export const tagKeys = {
  install: 'prod-access:install',
  access: 'prod-access:access',
  requester: 'prod-access:requester',
  target: 'prod-access:target',
  endsAt: 'prod-access:ends-at',
} as const;

/** @param partition `aws`, or `aws-cn`, `aws-us-gov` … as the caller's own ARN has it. */
export function roleArn(account: string, access: AccessId, partition = 'aws'): string {
  return `arn:${partition}:iam::${account}:role${rolePath}${access}`;
}

/** Lets one principal in, under one session name, for one person, and nobody else. */
export function trustPolicy(who: {
  readonly principal: string;
  readonly access: AccessId;
  readonly requester: string;
}): PolicyDocument {
  const Principal = { AWS: who.principal };
  const source = { 'sts:SourceIdentity': who.requester };
  return policy(
    {
      Sid: 'AssumeForOneAccess',
      Effect: 'Allow',
      Principal,
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:RoleSessionName': who.access, ...source } },
    },
    {
      Sid: 'NameOnePerson',
      Effect: 'Allow',
      Principal,
      Action: 'sts:SetSourceIdentity',
      Condition: { StringEquals: source },
    },
  );
}

/**
 * Refuses everything from `endsAt` on, with nobody's help. An explicit Deny, because an Allow with a date would not
 * bind attached managed policies, nor resource policies that name the session.
 */
export function endPolicy(endsAt: number): PolicyDocument {
  return policy({
    Sid: 'End',
    Effect: 'Deny',
    Action: '*',
    Resource: '*',
    Condition: { DateGreaterThanEquals: { 'aws:CurrentTime': isoSecond(endsAt) } },
  });
}

export function revokedPolicy(): PolicyDocument {
  return policy({ Sid: 'Revoked', Effect: 'Deny', Action: '*', Resource: '*' });
}

/** The harmless call by which a role's credentials are proved alive, or refused. */
export function selfPolicy(arn: string): PolicyDocument {
  return policy({ Sid: 'ReadSelf', Effect: 'Allow', Action: 'iam:GetRole', Resource: arn });
}

export function roleTags(of: {
  readonly install: string;
  readonly access: AccessId;
  readonly requester: string;
  readonly target: string;
  readonly endsAt: number;
}): readonly { readonly Key: string; readonly Value: string }[] {
  return [
    { Key: tagKeys.install, Value: of.install },
    { Key: tagKeys.access, Value: of.access },
    { Key: tagKeys.requester, Value: of.requester },
    { Key: tagKeys.target, Value: of.target },
    { Key: tagKeys.endsAt, Value: isoSecond(of.endsAt) },
  ];
}

/** `2026-11-23T12:00:00Z`: whole seconds, as IAM's date conditions take them. Throws `RangeError` on anything else. */
export function isoSecond(epochMs: number): string {
  if (!Number.isSafeInteger(epochMs) || epochMs < 0 || epochMs % 1000 !== 0 || epochMs >= year10000)
    throw new RangeError(`not a whole second: ${epochMs}`);
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

/** Reads an ends-at tag. What cannot be read counts as ended: 0. */
export function readEnd(tag: string | undefined): number {
  if (tag === undefined || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(tag)) return 0;
  const at = Date.parse(tag);
  return Number.isNaN(at) || isoSecond(at) !== tag ? 0 : at;
}

const year10000 = Date.UTC(10_000, 0, 1);

function policy(...statements: readonly Statement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements };
}
