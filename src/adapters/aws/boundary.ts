/**
 * A look at a permissions boundary: enough to tell an operator what is wrong with it, no evaluator of IAM. Where a
 * condition decides, it says so instead of guessing.
 */
import type { AccessId } from '../../domain/ids.ts';

export type Decision = 'allowed' | 'denied' | 'not-allowed' | 'depends';

/** Stands for any access where a check needs a role's name. */
export const sampleAccess: AccessId = 'acc_aaaaaaaaaaaaaaaa';

/** One of each kind that a boundary must deny by name, whatever the resource. */
export const mustDeny: readonly string[] = [
  'sts:AssumeRole',
  'sts:GetFederationToken',
  'iam:PassRole',
  'iam:PutRolePolicy',
  'iam:DeleteRolePolicy',
  'iam:CreateAccessKey',
  'organizations:LeaveOrganization',
  's3:PutBucketPolicy',
  'kms:CreateGrant',
  'cloudtrail:StopLogging',
];

/** @returns the actions of {@link mustDeny} that `document` does not deny outright on every resource. */
export function undenied(document: unknown): readonly string[] {
  return mustDeny.filter((action) => decide(document, action, 'arn:aws:any:::resource') !== 'denied');
}

export function decide(document: unknown, action: string, resource: string): Decision {
  const hits = statementsOf(document).filter((statement) => covers(statement, action, resource));
  const of = (effect: string, conditional: boolean) =>
    hits.some((hit) => hit.Effect === effect && (hit.Condition !== undefined) === conditional);
  if (of('Deny', false)) return 'denied';
  if (of('Deny', true)) return 'depends';
  if (of('Allow', false)) return 'allowed';
  return of('Allow', true) ? 'depends' : 'not-allowed';
}

function covers(statement: Record<string, unknown>, action: string, resource: string): boolean {
  const { Action, NotAction, Resource, NotResource } = statement;
  const actionHit = Action === undefined ? !matches(NotAction, action, 'i') : matches(Action, action, 'i');
  const resourceHit =
    Resource === undefined ? !matches(NotResource, resource, '') : matches(Resource, resource, '');
  return actionHit && resourceHit;
}

function matches(patterns: unknown, text: string, flags: string): boolean {
  return [patterns].flat().some((pattern) => {
    if (typeof pattern !== 'string') return false;
    const escaped = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return new RegExp(`^${escaped}$`, flags).test(text);
  });
}

function statementsOf(document: unknown): readonly Record<string, unknown>[] {
  if (!isRecord(document)) return [];
  return [document.Statement].flat().filter(isRecord);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
