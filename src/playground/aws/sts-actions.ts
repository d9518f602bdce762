/** STS: who am I, and the assuming of roles under their trust policies. */
import { type Role, roleByArn, type Session } from './account.ts';
import { parseRoleArn, sessionArn } from './arns.ts';
import type { Actions, Call, Need } from './call.ts';
import { limits, sizeOf, tagsOf } from './checks.ts';
import { tagKeys } from './context.ts';
import { newSessionKeys } from './credentials.ts';
import { AwsError, accessDenied, validationError } from './errors.ts';
import { type PolicyDocument, parsePolicy } from './policy-document.ts';
import { constraint, type Params, type Xml } from './query-protocol.ts';

export const stsActions: Actions = {
  /** Needs no permission, and an explicit Deny does not stop it. */
  GetCallerIdentity: {
    needs: () => [],
    run: ({ caller }) => ({ Arn: caller.arn, UserId: caller.userId, Account: caller.account }),
  },
  AssumeRole: { needs: assumeNeeds, run: assumeRole },
};

/**
 * The trust policy must allow each part: the assuming, the source identity and the session tags. A role that does
 * not exist, or that STS has not heard of yet, is answered like one that trusts nobody.
 */
function assumeNeeds(call: Call): readonly Need[] {
  const { account, params } = call;
  const arn = params.required('RoleArn');
  if (parseRoleArn(arn) === undefined) throw validationError(`${arn} is invalid`);
  const role = roleByArn(account, arn, 'effective');
  const tags = tagsOf(params);
  const sourceIdentity = sourceIdentityOf(call);
  const need = {
    resource: arn,
    resourceSide: {
      document: role?.trust.document ?? { statements: [] },
      source: 'role trust policy',
      mustAllow: true,
    },
    context: {
      ...tagKeys('aws:RequestTag', tags),
      ...(role && tagKeys('aws:ResourceTag', role.tags)),
      ...(role && tagKeys('iam:ResourceTag', role.tags)),
      'aws:TagKeys': tags.size > 0 ? [...tags.keys()] : undefined,
      'sts:ExternalId': params.text('ExternalId'),
      'sts:RoleSessionName': labelOf(params, 'RoleSessionName'),
      'sts:SourceIdentity': sourceIdentity,
    },
  } as const;
  return [
    { ...need, action: 'sts:AssumeRole' },
    ...(sourceIdentity === undefined ? [] : [{ ...need, action: 'sts:SetSourceIdentity' }]),
    ...(tags.size === 0 ? [] : [{ ...need, action: 'sts:TagSession' }]),
  ];
}

function assumeRole(call: Call): Xml {
  const { account, params } = call;
  const role = roleByArn(account, params.required('RoleArn'), 'effective');
  if (role === undefined) throw accessDenied('The role is gone.');
  const issuedAt = account.now();
  const session: Session = {
    ...newSessionKeys(),
    roleId: role.id,
    roleName: role.name,
    sessionName: labelOf(params, 'RoleSessionName'),
    sourceIdentity: sourceIdentityOf(call),
    tags: tagsOf(params),
    policies: sessionPolicies(call),
    issuedAt,
    expiresAt: issuedAt + durationSeconds(call, role) * 1000,
  };
  account.sessions.set(session.accessKeyId, session);
  return {
    SourceIdentity: session.sourceIdentity,
    AssumedRoleUser: {
      AssumedRoleId: `${role.id}:${session.sessionName}`,
      Arn: sessionArn(account.id, role.name, session.sessionName),
    },
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.sessionToken,
      Expiration: new Date(session.expiresAt),
    },
  };
}

/** Once set it goes with every session made from the session, and can't be changed. */
function sourceIdentityOf({ caller, params }: Call): string | undefined {
  const asked = params.text('SourceIdentity') === undefined ? undefined : labelOf(params, 'SourceIdentity');
  if (asked?.startsWith('aws:')) throw validationError('SourceIdentity cannot start with aws:');
  if (caller.sourceIdentity !== undefined && asked !== undefined && asked !== caller.sourceIdentity)
    throw accessDenied(
      `User: ${caller.arn} is not authorized to perform: sts:SetSourceIdentity because its source identity is set already`,
    );
  return asked ?? caller.sourceIdentity;
}

function labelOf(params: Params, field: 'RoleSessionName' | 'SourceIdentity'): string {
  const text = params.required(field);
  if (/^[\w+=,.@-]*$/.test(text) && text.length >= 2 && text.length <= 64) return text;
  throw constraint(
    `'${text}'`,
    field,
    'Member must satisfy regular expression pattern: [\\w+=,.@-]* and have length between 2 and 64',
  );
}

/** A session that assumes a role chains, which caps its length at an hour whatever the role allows. */
function durationSeconds({ caller, params }: Call, role: Role): number {
  const seconds = params.integer('DurationSeconds', { min: 900, max: 43_200 }) ?? 3600;
  if (caller.kind === 'session' && seconds > 3600)
    throw validationError(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    );
  if (seconds > role.maxSessionSeconds)
    throw validationError('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  return seconds;
}

function sessionPolicies({ account, params }: Call): readonly PolicyDocument[] | undefined {
  const inline = params.text('Policy');
  const arns = params.structs('PolicyArns').map((one) => one.required('arn'));
  if (inline === undefined && arns.length === 0) return undefined;
  if (inline !== undefined && sizeOf(inline) > limits.sessionPolicy)
    throw new AwsError(
      'PackedPolicyTooLarge',
      400,
      'Packed policy consumes more than 100% of allotted space.',
    );
  const managed = arns.map((arn) => {
    const policy = account.managed.effective(arn)?.policy.document;
    if (policy === undefined) throw validationError(`Policy ${arn} does not exist.`);
    return policy;
  });
  return [...managed, ...(inline === undefined ? [] : [parsePolicy(inline, 'identity').document])];
}
