/**
 * IAM's limits and spellings, in its own words.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
import type { Account } from './account.ts';
import { accountOfRoot, parseRoleArn, parseSessionArn } from './arns.ts';
import { principalArnOf } from './authenticate.ts';
import { invalidInput, limitExceeded, malformedPolicy, validationError } from './errors.ts';
import { parsePolicy, type StoredPolicy } from './policy-document.ts';
import { constraint, type Params } from './query-protocol.ts';

export const limits = {
  rolesPerAccount: 1000,
  inlinePerRole: 10_240,
  trust: 2048,
  managedPolicy: 6144,
  sessionPolicy: 2048,
  attachedPerRole: 10,
  tags: 50,
} as const;

const namePattern = /^[\w+=,.@-]+$/;

export function nameOf(params: Params, field: string, maxLength: number): string {
  const name = params.required(field);
  if (!namePattern.test(name))
    throw constraint(`'${name}'`, field, 'Member must satisfy regular expression pattern: [\\w+=,.@-]+');
  if (name.length > maxLength)
    throw constraint(`'${name}'`, field, `Member must have length less than or equal to ${maxLength}`);
  return name;
}

export function pathOf(params: Params, field: 'Path' | 'PathPrefix'): string {
  const path = params.text(field) ?? '/';
  const pattern = field === 'Path' ? /^\/(?:[\x21-\x7f]+\/)?$/ : /^\/[\x21-\x7f]*$/;
  if (path.length <= 512 && pattern.test(path)) return path;
  throw validationError(
    `The specified value for ${field.toLowerCase()} is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.`,
  );
}

/** IAM counts no white space. */
export const sizeOf = (document: string) => document.replace(/\s/g, '').length;

export function tagsOf(params: Params): ReadonlyMap<string, string> {
  const tags = params.structs('Tags').map((tag) => [tag.required('Key'), tag.text('Value') ?? ''] as const);
  for (const [key, value] of tags) {
    if (key.length > 128)
      throw constraint(`'${key}'`, 'tags', 'Member must have length less than or equal to 128');
    if (value.length > 256)
      throw constraint(`'${value}'`, 'tags', 'Member must have length less than or equal to 256');
    if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(key + value))
      throw constraint(
        `'${key}=${value}'`,
        'tags',
        'Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*',
      );
    if (/^aws:/i.test(key)) throw invalidInput('System tags cannot be added/updated.');
  }
  if (new Set(tags.map(([key]) => key.toLowerCase())).size !== tags.length)
    throw invalidInput('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  if (tags.length > limits.tags)
    throw limitExceeded(`The number of tags has reached the maximum limit (${limits.tags}).`);
  return new Map(tags);
}

/** A trust policy may only name principals that exist, as far as IAM has noticed them. */
export function trustOf(account: Account, params: Params, field: string): StoredPolicy {
  const text = params.required(field);
  const trust = parsePolicy(text, 'trust');
  for (const { action, principals = [] } of trust.document.statements) {
    if (action.patterns.some((pattern) => !pattern.toLowerCase().startsWith('sts:')))
      throw malformedPolicy('AssumeRole policy may only specify STS AssumeRole actions.');
    const missing = principals.find((principal) => !exists(account, principal));
    if (missing !== undefined) throw malformedPolicy(`Invalid principal in policy: "AWS":"${missing}"`);
  }
  if (sizeOf(text) > limits.trust)
    throw limitExceeded(`Cannot exceed quota for ACLSizePerRole: ${limits.trust}`);
  return trust;
}

function exists(account: Account, principal: string): boolean {
  if (principal === '*' || accountOfRoot(principal) !== undefined) return true;
  if ([account.bot.arn, principalArnOf(account.bot, account.id)].includes(principal)) return true;
  const session = parseSessionArn(principal);
  if (session) return account.roles.effective(session.role) !== undefined;
  const role = parseRoleArn(principal);
  return role !== undefined && account.roles.effective(role.name)?.arn === principal;
}
