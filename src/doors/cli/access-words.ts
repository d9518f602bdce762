/** An access in plain words, for a terminal. */
import { type Access, endOf } from '../../domain/access.ts';
import { formatDuration, isoTime } from '../../domain/duration.ts';
import { plain } from './output.ts';

export const listHead = ['ID', 'STATE', 'TARGET', 'REQUESTER', 'ASKED', 'ENDS'] as const;

export function listRow(access: Access, now: number): readonly string[] {
  const { id, target, requester, askedAt } = access.request;
  return [id, access.state, target, person(requester), shortTime(askedAt), ends(access, now)];
}

export function detailRows(access: Access, now: number): readonly (readonly string[])[] {
  const { request, votes } = access;
  return [
    ['Access', request.id],
    ['State', access.state],
    ['Target', request.target],
    ['Requester', person(request.requester)],
    ['Reason', plain(request.reason)],
    ...(request.ticket === undefined ? [] : [['Ticket', plain(request.ticket)]]),
    ['Asked', `${shortTime(request.askedAt)} for ${formatDuration(request.durationMs)}`],
    ...votes.map((vote) => ['Vote', `${vote.answer} by ${person({ id: vote.person, name: vote.name })}`]),
    ...('basis' in access && access.basis.by === 'rule' ? [['Approved by', plain(access.basis.rule)]] : []),
    ['Ends', ends(access, now)],
  ];
}

export function person({ id, name }: { readonly id: string; readonly name: string }): string {
  return name === '' || name === id ? plain(id) : `${plain(name)} (${plain(id)})`;
}

/** Whole seconds, in UTC. */
export function shortTime(epochMs: number): string {
  return isoTime(epochMs).replace(/\.[0-9]{3}Z$/, 'Z');
}

function ends(access: Access, now: number): string {
  const endsAt = endOf(access);
  if (endsAt === undefined) return '-';
  return access.state === 'active' && endsAt > now
    ? `${shortTime(endsAt)} (in ${formatDuration(endsAt - now)})`
    : shortTime(endsAt);
}
