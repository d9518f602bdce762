/**
 * The course of an access, for pages and terminals, which escape in their own way: who approved it, and when, by whom
 * and why it ends or ended. `Ended` is told only of what was seen to be gone.
 */
import type { Access } from '../domain/access.ts';
import type { Actor } from '../domain/audit.ts';
import { requesterOf } from '../domain/tell.ts';

export type End = {
  readonly word: 'Ends' | 'Ending' | 'Ended';
  /** Epoch milliseconds. */
  readonly at: number;
  readonly by?: Actor;
  readonly why?: string;
};

/** Undefined while no end is fixed. */
export function endOfCourse(access: Access): End | undefined {
  switch (access.state) {
    case 'waiting':
    case 'approved':
      return undefined;
    case 'provisioning':
      return access.stage.at === 'grant' ? { word: 'Ends', at: access.stage.endsAt } : undefined;
    case 'active':
      return { word: 'Ends', at: access.endsAt };
    case 'revoking':
      return { word: 'Ending', at: access.since, ...causeOf(access) };
    case 'revoked':
      return { word: 'Ended', at: access.endedAt, ...causeOf(access) };
    case 'failed':
      return { word: 'Ended', at: access.endedAt, why: access.why };
    case 'rejected':
      return {
        ...{ word: 'Ended', at: access.at, by: access.by },
        ...(access.why === undefined ? {} : { why: access.why }),
      };
    case 'withdrawn':
      return { word: 'Ended', at: access.at, by: requesterOf(access.request) };
    case 'lapsed':
      return { word: 'Ended', at: access.at, why: 'nobody decided in time' };
  }
}

function causeOf({
  cause,
  request,
}: Extract<Access, { state: 'revoking' | 'revoked' }>): Pick<End, 'by' | 'why'> {
  switch (cause.kind) {
    case 'end':
      return { why: 'its time was up' };
    case 'done':
      return { by: requesterOf(request) };
    case 'revoked':
      return { by: cause.by, ...(cause.why === undefined ? {} : { why: cause.why }) };
    case 'failed':
      return { why: cause.why };
  }
}

/** By whom or by what rule it was approved; so far, while it waits for more. */
export function approvedBy(access: Access): readonly string[] {
  if ('basis' in access && access.basis.by === 'rule') return [`a rule: ${ruleReason(access.basis.rule)}`];
  return access.votes.filter(({ answer }) => answer === 'approve').map(({ name }) => name);
}

/** `rules[0].approve: on call`: why, without where in the file it stands. */
export function ruleReason(rule: string): string {
  return rule.replace(/^rules\[[0-9]+\]\.approve: /, '');
}
