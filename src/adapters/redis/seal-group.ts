/** Builds the one call that commits a group: entries chained after the tail, the last one signed, records under MAC. */
import type { KeyObject } from 'node:crypto';
import { isFinished } from '../../domain/access.ts';
import { type Draft, type Entry, headOf, seal, signHash } from '../../domain/audit.ts';
import type { Change, Stored } from '../../ports/ledger.ts';
import type { Tail } from './find-tail.ts';
import { writeRecord } from './records.ts';
import { idAt, type Row } from './trail.ts';

export type Member = { readonly change?: Change; readonly drafts: readonly Draft[] };

export type SealedGroup<M extends Member> = {
  readonly entryArgs: readonly string[];
  readonly entryCount: number;
  /** The entries as the stream will hold them. */
  readonly written: readonly Row[];
  readonly records: readonly {
    readonly id: string;
    readonly requester: string;
    readonly args: readonly string[];
    readonly member: M;
  }[];
  /** What each member's record is once the call succeeds. */
  readonly outcomes: ReadonlyMap<M, Stored | undefined>;
  readonly tail: Tail;
};

export function sealGroup<M extends Member>(
  members: readonly M[],
  first: readonly Draft[],
  tail: Tail,
  keys: { readonly signing: KeyObject; readonly mac: KeyObject },
): SealedGroup<M> {
  let head = tail.head;
  const rows: (Row & { readonly entry: Entry })[] = [];
  const write = (draft: Draft): string => {
    const entry = seal(draft, head);
    head = headOf(entry);
    const id = idAt(tail.epoch, entry.seq);
    rows.push({ id, text: JSON.stringify(entry), entry });
    return id;
  };
  for (const draft of first) write(draft);

  const outcomes = new Map<M, Stored | undefined>();
  const records: { id: string; requester: string; args: string[]; member: M }[] = [];
  for (const member of members) {
    const ids = member.drafts.map(write);
    const { change } = member;
    if (change === undefined) {
      outcomes.set(member, undefined);
      continue;
    }
    const { next, from } = change;
    const stored: Stored = {
      access: next,
      version: (from?.version ?? 0) + 1,
      evidence: [...(from?.evidence ?? []), ...ids],
    };
    const fields = writeRecord(stored, head, keys.mac);
    const { id, askedAt, requester, target } = next.request;
    outcomes.set(member, stored);
    records.push({
      id,
      requester: requester.id,
      member,
      args: [
        String(from?.version ?? 0),
        fields.version,
        fields.row,
        fields.mac,
        id,
        isFinished(next) ? '0' : '1',
        String(askedAt),
        target,
      ],
    });
  }
  const lastRow = rows.length - 1;
  return {
    entryArgs: rows.flatMap(({ id, text, entry }, index) => [
      id,
      text,
      index === lastRow ? signHash(entry.hash, keys.signing) : '',
    ]),
    entryCount: rows.length,
    written: rows,
    records,
    outcomes,
    tail: {
      head,
      epoch: tail.epoch,
      after: rows.length === 0 ? tail.after : { id: idAt(tail.epoch, head.seq), hash: head.hash },
    },
  };
}
