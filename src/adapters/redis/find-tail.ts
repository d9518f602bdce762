/**
 * Finds where the trail ends and whether it still is the one that was witnessed. Nothing is ever appended to a chain
 * that does not verify: where it was emptied, cut, altered or replaced, a new chain begins and says so first.
 */
import type { KeyObject } from 'node:crypto';
import { bot, type Draft, type Entry, emptyChain, type Head, headOf } from '../../domain/audit.ts';
import { isoTime } from '../../domain/duration.ts';
import type { Connection } from './connect.ts';
import {
  epochOf,
  follows,
  idAt,
  isIntact,
  isVouched,
  lastRow,
  pagesFrom,
  type Row,
  rowsFrom,
} from './trail.ts';

/** Where the next entry goes. */
export type Tail = {
  /** What it is chained to. */
  readonly head: Head;
  /** The first half of the chain's stream ids. */
  readonly epoch: number;
  /** The row that must stand last in the stream when it is written: '' for none, and hash '' for any content. */
  readonly after: { readonly id: string; readonly hash: string };
};

export type FoundTail = {
  readonly tail: Tail /** Entries that a new chain begins with because the old one was lost. */;
  readonly lost: readonly Draft[];
};

export type FindTailDeps = {
  readonly redis: Connection;
  readonly trailKey: string;
  readonly publicKeys: readonly KeyObject[];
  readonly now: () => number;
  readonly newChain: () => string;
};

export async function findTail(deps: FindTailDeps, witnessed: Head | undefined): Promise<FoundTail> {
  const last = await lastRow(deps.redis, deps.trailKey);
  if (last === undefined) {
    const lost = witnessed === undefined ? [] : lostEntries(witnessed, 'the trail is empty', deps.now());
    return {
      tail: { head: emptyChain(deps.newChain()), epoch: deps.now(), after: { id: '', hash: '' } },
      lost,
    };
  }
  const flaw = isVouched(last, deps.publicKeys)
    ? await breakSince(deps, last, witnessed)
    : 'its last entry does not verify';
  if (flaw === undefined && last.entry !== undefined) {
    return {
      tail: {
        head: headOf(last.entry),
        epoch: epochOf(last.id),
        after: { id: last.id, hash: last.entry.hash },
      },
      lost: [],
    };
  }
  return {
    tail: {
      head: emptyChain(deps.newChain()),
      epoch: Math.max(deps.now(), epochOf(last.id) + 1),
      after: { id: last.id, hash: '' },
    },
    lost: lostEntries(witnessed, flaw ?? 'its last entry does not verify', deps.now()),
  };
}

/** Why the trail that ends in `last` does not continue `witnessed`, or undefined where it does. */
async function breakSince(
  deps: FindTailDeps,
  last: Row & { readonly entry: Entry },
  witnessed: Head | undefined,
): Promise<string | undefined> {
  if (witnessed === undefined) return undefined;
  if (last.entry.chain !== witnessed.chain) {
    const [first] = await rowsFrom(deps.redis, deps.trailKey, idAt(epochOf(last.id), 1), 1);
    const succeeds = first?.entry?.action === 'ledger.lost' && first.entry.details.chain === witnessed.chain;
    return succeeds ? undefined : 'another chain stands in its place';
  }
  let head: Head | undefined;
  for await (const page of pagesFrom(deps.redis, deps.trailKey, idAt(epochOf(last.id), witnessed.seq))) {
    for (const row of page) {
      if (head === undefined) {
        const same = isIntact(row) && row.entry.seq === witnessed.seq && row.entry.hash === witnessed.hash;
        if (!same) return `the witnessed entry #${witnessed.seq} is gone`;
      } else if (!follows(head, row)) {
        return `entry #${head.seq + 1} does not verify`;
      }
      head = row.entry;
    }
  }
  return head === undefined ? `the witnessed entry #${witnessed.seq} is gone` : undefined;
}

function lostEntries(witnessed: Head | undefined, why: string, now: number): readonly Draft[] {
  const at = isoTime(now);
  const details =
    witnessed === undefined
      ? { why }
      : { chain: witnessed.chain, seq: witnessed.seq, hash: witnessed.hash, why };
  return [
    { at, action: 'ledger.lost', actor: bot, details },
    {
      at,
      action: 'alarm.raised',
      actor: bot,
      details: { what: 'the audit trail was lost or altered; a new chain begins', why },
    },
  ];
}
