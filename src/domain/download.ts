/**
 * How much may leave a sandbox in files before its end, and how much has. What was approved counts: a target that lets
 * files leave today and did not then, or grants anything else, lets none leave.
 */
import type { Entry } from './audit.ts';
import { approvedTarget, type Policy } from './policy.ts';
import type { Refusal } from './refusal.ts';
import type { Request } from './request.ts';

/** Bytes that all downloads of an access may have together. */
export function downloadMax(policy: Policy, request: Pick<Request, 'target' | 'terms'>): number | Refusal {
  const target = approvedTarget(policy, request);
  if (target === undefined) return { code: 'terms-changed' };
  return target.sandbox.download ?? { code: 'download-off' };
}

/** Bytes that have left already, by the entries of one access. What cannot be counted leaves nothing over. */
export function downloadedBytes(entries: readonly Entry[]): number {
  return entries
    .filter(({ action }) => action === 'file.downloaded')
    .map(({ details }) => (typeof details.bytes === 'number' ? details.bytes : Number.POSITIVE_INFINITY))
    .reduce((all, bytes) => all + bytes, 0);
}
