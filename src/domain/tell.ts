/** How an access tells of itself: drafts of entries that name it, its target and who acted. */
import type { Actor, Details, Draft } from './audit.ts';
import { isoTime } from './duration.ts';
import type { Request } from './request.ts';

export type Tell = (action: Draft['action'], actor: Actor, details?: Details) => Draft;

export function teller(request: Request, now: number): Tell {
  return (action, actor, details = {}) => ({
    at: isoTime(now),
    action,
    access: request.id,
    actor,
    target: request.target,
    details,
  });
}

export function withWhy(details: Details, why: string | undefined): Details {
  return why === undefined ? details : { ...details, why };
}

export function requesterOf(request: Request): Actor {
  return { kind: 'person', id: request.requester.id, name: request.requester.name };
}
