/** An access in plain words, for a terminal. */
import type { Access } from '../../domain/access.ts';
import { formatDuration, isoTime } from '../../domain/duration.ts';
import { endOfCourse } from '../../words/course.ts';
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
    endRow(access, now),
  ];
}

export function person({ id, name }: { readonly id: string; readonly name: string }): string {
  return name === '' || name === id ? plain(id) : `${plain(name)} (${plain(id)})`;
}

/** Whole seconds, in UTC. */
export function shortTime(epochMs: number): string {
  return isoTime(epochMs).replace(/\.[0-9]{3}Z$/, 'Z');
}

/** With words for what is no end to come, for a column that holds both. */
function ends(access: Access, now: number): string {
  const end = endOfCourse(access);
  if (end === undefined) return '-';
  if (end.word !== 'Ends') return `${end.word.toLowerCase()} ${shortTime(end.at)}`;
  return access.state === 'active' && end.at > now
    ? `${shortTime(end.at)} (in ${formatDuration(end.at - now)})`
    : shortTime(end.at);
}

function endRow(access: Access, now: number): readonly string[] {
  const end = endOfCourse(access);
  if (end === undefined || end.word === 'Ends') return ['Ends', ends(access, now)];
  const who = end.by === undefined ? '' : ` by ${person(end.by)}`;
  const why = end.why === undefined ? '' : `: ${plain(end.why)}`;
  return [end.word, `${shortTime(end.at)}${who}${why}`];
}
