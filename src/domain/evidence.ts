/**
 * Whether the trail proves what a record claims. Whoever can write to Redis can write a record; only the bot can sign
 * entries. So before anything is granted or extended, the entries that decided it are read back and must say the same.
 */
import type { Access } from './access.ts';
import type { Entry } from './audit.ts';
import { isoTime } from './duration.ts';

/**
 * Returns why `entries` do not prove `access`, or undefined where they do. `entries` are those of the access, already
 * verified to be hashed and signed, in order, from its first to the newest that the trail holds.
 */
export function unproven(access: Access, entries: readonly Entry[]): string | undefined {
  const { request } = access;
  const first = entries[0];
  if (first === undefined || first.action !== 'access.requested') return 'no signed request in the trail';
  const asked = first.details;
  const same =
    first.access === request.id &&
    first.target === request.target &&
    first.actor.id === request.requester.id &&
    asked.reason === request.reason &&
    asked.ticket === request.ticket &&
    asked.duration_ms === request.durationMs &&
    asked.policy === request.policy &&
    asked.terms === request.terms;
  if (!same) return 'the signed request says something else';

  const last = (...wanted: string[]): Entry | undefined =>
    entries.findLast((entry) => wanted.includes(entry.action));
  const ended = last(
    'access.rejected',
    'access.withdrawn',
    'access.lapsed',
    'access.ending',
    'access.revoked',
    'access.failed',
  );
  if (ended !== undefined) return `the trail says ${ended.action}`;

  // An older record put back would be opened anew, with a later end.
  const beyond =
    access.state === 'approved' || (access.state === 'provisioning' && access.stage.at === 'sandbox')
      ? last('sandbox.opened', 'grant.issued', 'access.active')
      : access.state === 'provisioning'
        ? last('grant.issued', 'access.active')
        : undefined;
  if (beyond !== undefined) return `the trail is further on: it says ${beyond.action}`;

  const approved = last('access.approved');
  if (approved === undefined || !('basis' in access)) return 'no signed approval in the trail';
  if (access.basis.by === 'rule') {
    if (approved.details.rule !== access.basis.rule) return 'the signed approval names another rule';
  } else {
    const voted = new Set(
      entries.filter((entry) => entry.action === 'vote.approved').map((entry) => entry.actor.id),
    );
    const claimed = access.votes.filter((vote) => vote.answer === 'approve').map((vote) => vote.person);
    if (claimed.length === 0 || !claimed.every((person) => voted.has(person)))
      return 'a vote in the record is not in the trail';
  }

  const end = last('sandbox.opened', 'grant.issued', 'access.extended');
  const endsAt =
    access.state === 'active'
      ? access.endsAt
      : access.state === 'provisioning' && access.stage.at === 'grant'
        ? access.stage.endsAt
        : undefined;
  if (endsAt !== undefined && end?.details.ends_at !== isoTime(endsAt))
    return 'the signed end is another one';
  return undefined;
}
