/**
 * Tells people what became of an access: the card and its copies, and the requester's messages. Derived from the
 * state, so it may run late, twice, or after a crash. Each recipient fails alone.
 */
import type { Access } from '../domain/access.ts';
import { tally } from '../domain/approval.ts';
import type { AccessId } from '../domain/ids.ts';
import type { PersonId } from '../domain/people.ts';
import { groupsOf, targetOf } from '../domain/policy.ts';
import { isRefused } from '../domain/refusal.ts';
import type { Notice, Place } from '../ports/notices.ts';
import { card } from '../words/card.ts';
import { milestones } from '../words/milestones.ts';
import { load } from './advance.ts';
import type { Flow } from './deps.ts';
import { summaryNotices } from './summarise.ts';

type Deps = Pick<
  Flow,
  'ledger' | 'notices' | 'recordings' | 'directory' | 'policy' | 'clock' | 'pages' | 'log'
>;

/** Approvers get direct messages too where they are at most this many. */
const directAtMost = 5;

/** Some message could not be delivered, and trying again can help. */
export class Undelivered extends Error {
  override readonly name = 'Undelivered';
  readonly retryable = true;
}

export async function notify(deps: Deps, id: AccessId): Promise<void> {
  const stored = await load(deps, id);
  if (isRefused(stored)) return;
  const failed = [
    ...(await deliver(deps, id, await noticesFor(deps, stored.access))),
    // Last, for it may have to wait for a session to end.
    ...(await deliver(deps, id, await summaryNotices(deps, stored))),
  ];
  if (failed.length > 0) throw new Undelivered(failed.join('; '));
  await deps.ledger.told(stored);
}

/** Gives what could not be delivered and is worth another try. */
async function deliver(deps: Deps, id: AccessId, notices: readonly Notice[]): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const notice of notices) {
    const delivery = await deps.notices.upsert(notice);
    if (delivery.delivered) continue;
    deps.log.warn({ access: id, tag: notice.tag, why: delivery.why }, 'a message could not be delivered');
    if (delivery.retry) failed.push(`${notice.tag}: ${delivery.why}`);
  }
  return failed;
}

async function noticesFor(deps: Deps, access: Access): Promise<readonly Notice[]> {
  const { request, votes } = access;
  const policy = deps.policy.current();
  const target = targetOf(policy, request.target);
  const people = [request.requester.id, ...votes.map(({ person }) => person)];
  const facts = await deps.directory.facts(policy, groupsOf(policy, request.target), people);
  const message = card({
    access,
    target,
    groups: policy.groups,
    tally: tally(target?.approvers ?? [], votes, request.requester.id, facts),
    ...(deps.pages === undefined ? {} : { pages: deps.pages }),
  });

  const standing = await deps.notices.posted(request.id, 'card');
  const places = new Map<string, Place>(standing.map(({ to }) => [placeName(to), to]));
  const channel: Place = { channel: policy.channels.approvals };
  places.set(placeName(channel), channel);
  if (access.state === 'waiting') {
    const approvers = new Set<PersonId>(
      target?.approvers.flatMap(({ from }) => from.flatMap((group) => [...(facts.members[group] ?? [])])),
    );
    approvers.delete(request.requester.id);
    if (approvers.size <= directAtMost)
      for (const person of approvers) places.set(placeName({ person }), { person });
  }
  const cards = [...places.values()].map((to): Notice => ({ access: request.id, tag: 'card', to, message }));
  const told = milestones(access, deps.pages).map(
    ({ tag, message: words }): Notice => ({
      access: request.id,
      tag,
      to: { person: request.requester.id },
      message: words,
    }),
  );
  return [...cards, ...told];
}

function placeName(place: Place): string {
  return 'channel' in place ? place.channel : place.person;
}
