/**
 * What a request says about itself, by condition key. Keys are compared without regard to case. A key that
 * is known but absent from a request is absent as in AWS; a key that is not known here is refused when a policy
 * names it (see `policy-document.ts`), because its absence would prove nothing.
 */

export type ContextValue = string | readonly string[];
export type Context = ReadonlyMap<string, ContextValue>;

const knownKeys = new Set(
  [
    'aws:CurrentTime',
    'aws:EpochTime',
    'aws:MultiFactorAuthPresent',
    'aws:PrincipalAccount',
    'aws:PrincipalArn',
    'aws:PrincipalIsAWSService',
    'aws:PrincipalType',
    'aws:RequestedRegion',
    'aws:ResourceAccount',
    'aws:SecureTransport',
    'aws:SourceIdentity',
    'aws:SourceIp',
    'aws:SourceVpc',
    'aws:SourceVpce',
    'aws:TagKeys',
    'aws:TokenIssueTime',
    'aws:userid',
    'aws:username',
    'aws:ViaAWSService',
    'iam:PassedToService',
    'iam:PermissionsBoundary',
    'iam:PolicyARN',
    'sts:ExternalId',
    'sts:RoleSessionName',
    'sts:SourceIdentity',
  ].map((key) => key.toLowerCase()),
);

const knownPrefixes = ['aws:principaltag/', 'aws:requesttag/', 'aws:resourcetag/', 'iam:resourcetag/'];

export function isKnownKey(key: string): boolean {
  const lower = key.toLowerCase();
  return knownKeys.has(lower) || knownPrefixes.some((prefix) => lower.startsWith(prefix));
}

/** Keys as written in documentation, for {@link contextOf}. */
export type ContextKeys = Readonly<Record<string, ContextValue | undefined>>;

/** Later parts win; what is `undefined` stays absent. */
export function contextOf(...parts: readonly ContextKeys[]): Context {
  const context = new Map<string, ContextValue>();
  for (const part of parts)
    for (const [key, value] of Object.entries(part))
      if (value !== undefined) context.set(key.toLowerCase(), value);
  return context;
}

/** Tags as condition keys, `aws:RequestTag/…` and its kin. */
export function tagKeys(
  prefix: 'aws:RequestTag' | 'aws:ResourceTag' | 'iam:ResourceTag' | 'aws:PrincipalTag',
  tags: ReadonlyMap<string, string>,
): Record<string, string> {
  return Object.fromEntries([...tags].map(([key, value]) => [`${prefix}/${key}`, value]));
}
