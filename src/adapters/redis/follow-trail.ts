/**
 * Follows the signed trail, so that an older record put back is found out whenever it is read, and by a process that
 * was just started too.
 *
 * A record and what is new in the trail are read in one transaction: the two are of one instant, and no change that
 * comes in between is taken for a forgery. Each entry is verified once. Before a record is believed for the first time,
 * the trail is read from its access's first entry on. What was told stays known when the trail is cut off afterwards.
 */
import type { KeyObject } from 'node:crypto';
import { type Head, headOf } from '../../domain/audit.ts';
import type { AccessId } from '../../domain/ids.ts';
import type { Connection } from './connect.ts';
import { newestChanges } from './newest-changes.ts';
import { epochOf, follows, isBefore, isIntact, isVouched, pagesFrom, type Row, rowsOf } from './trail.ts';

type Verified = Row & { readonly entry: NonNullable<Row['entry']> };

export type FollowDeps = {
  readonly redis: Connection;
  readonly trailKey: string;
  readonly publicKeys: readonly KeyObject[];
  /** The chain that goes on, as the ledger's witnesses have it. */
  readonly chain: () => Promise<string>;
  /** Called with what was verified, so that a trail that is cut off before it is found out. */
  readonly saw: (head: Head) => void;
};

export type Beside = {
  /** What `HGETALL` gave. */
  readonly fields: Readonly<Record<string, string>>;
  /** The last entry that the trail held in that instant; undefined where the trail is not followed. */
  readonly upTo?: string;
};

export type Follower = {
  /** Reads a record, and what is new in the trail. */
  readBeside(recordKey: string): Promise<Beside>;
  /**
   * Why a record that names these entries is not the newest of its access, or undefined where it is; `again` where
   * that cannot be told of what was read.
   */
  staleness(access: AccessId, evidence: readonly string[], upTo?: string): Promise<string | undefined>;
  /** Takes in what this process has just written after `after`. */
  wrote(after: string, rows: readonly Row[]): void;
  /** The action of the newest change told of an access, having read the trail from `start` if need be. */
  newest(access: AccessId, start: string): Promise<string | undefined>;
  /** Accesses that are not over, as far as the trail was read. */
  unfinished(): readonly AccessId[];
};

export const again = 'again';
const pageSize = 500;

export function followTrail({ redis, trailKey, publicKeys, chain, saw }: FollowDeps): Follower {
  const changes = newestChanges();
  /** The first and the last entry of what was read without a gap; undefined where nothing was, or where it is gone. */
  let followed: { readonly first: string; at: Verified } | undefined;
  let covering: Promise<unknown> = Promise.resolve();

  const takeAll = (rows: readonly Verified[]): void => {
    for (const { id, entry } of rows) changes.take(id, entry);
  };

  /** Takes in a page that must begin with `from`. Gives `false` where it does not go on from there, or ends unsigned. */
  const goOn = (from: Verified, [first, ...rows]: readonly Row[]): boolean => {
    if (first?.id !== from.id || first.text !== from.text) return false;
    let at = from;
    let head = from.entry;
    let unsigned: Verified[] = [];
    for (const row of rows) {
      const known = followed?.at;
      if (known !== undefined && row.id === known.id && row.text === known.text) {
        at = known;
        head = known.entry;
        unsigned = [];
        continue;
      }
      if (!follows(head, row) || !isIntact(row)) return false;
      head = row.entry;
      unsigned.push(row);
      if (!isVouched(row, publicKeys)) continue;
      takeAll(unsigned);
      unsigned = [];
      at = row;
    }
    if (followed !== undefined && isBefore(followed.at.id, at.id)) {
      followed.at = at;
      saw(headOf(at.entry));
    }
    // A commit is smaller than a page.
    return unsigned.length === 0 || (rows.length === pageSize - 1 && at !== from);
  };

  async function readBeside(recordKey: string): Promise<Beside> {
    for (;;) {
      const from = followed?.at;
      if (from === undefined) return { fields: await redis.hgetall(recordKey) };
      const replies = await redis
        .multi()
        .hgetall(recordKey)
        .xrange(trailKey, from.id, '+', 'COUNT', pageSize)
        .exec();
      const [fields, raw] = (replies ?? []).map(([error, reply]) => {
        if (error) throw error;
        return reply;
      }) as [Record<string, string> | undefined, [string, string[]][] | undefined];
      if (fields === undefined || raw === undefined) throw new Error('the transaction was not done');
      const rows = rowsOf(raw);
      if (!goOn(from, rows)) {
        followed = undefined;
        return { fields };
      }
      const last = rows.at(-1);
      if (rows.length < pageSize) return { fields, ...(last === undefined ? {} : { upTo: last.id }) };
    }
  }

  /** Reads the trail from `first` on. Gives why it does not verify. One after the other, for one may serve many. */
  function cover(first: string): Promise<string | undefined> {
    const run = covering.then(() => coverNow(first));
    covering = run.catch(() => {});
    return run;
  }

  async function coverNow(first: string): Promise<string | undefined> {
    if (followed !== undefined && !isBefore(first, followed.first)) return undefined;
    let at: Verified | undefined;
    let unsigned: Verified[] = [];
    for await (const page of pagesFrom(redis, trailKey, first, pageSize)) {
      for (const row of page) {
        const before = unsigned.at(-1) ?? at;
        const fits = before === undefined ? row.id === first : follows(before.entry, row);
        if (!fits || !isIntact(row))
          return epochOf(row.id) === epochOf(first) ? `the trail does not verify at ${row.id}` : lostChain;
        unsigned.push(row);
        if (!isVouched(row, publicKeys)) continue;
        takeAll(unsigned);
        unsigned = [];
        at = row;
      }
    }
    if (unsigned.length > 0) return 'the newest entries are not signed';
    if (at === undefined) return 'its entries are not in the trail';
    if (at.entry.chain !== (await chain())) return lostChain;
    followed = { first, at };
    saw(headOf(at.entry));
    return undefined;
  }

  return {
    readBeside,
    staleness: async (access, evidence, upTo) => {
      const [first] = evidence;
      if (first === undefined) return 'it names no entries';
      if (followed === undefined || upTo === undefined) return (await cover(first)) ?? again;
      if (epochOf(first) < epochOf(followed.at.id)) return lostChain;
      if (isBefore(first, followed.first)) return (await cover(first)) ?? again;
      const newest = changes.of(access);
      if (newest === undefined) return 'the trail says that it is over';
      if (evidence.includes(newest.id)) return undefined;
      return isBefore(upTo, newest.id) ? again : `the trail is further on: it says ${newest.action}`;
    },
    wrote: (after, rows) => {
      const last = rows.at(-1);
      if (followed?.at.id !== after || last === undefined || !isIntact(last)) return;
      takeAll(rows.filter(isIntact));
      followed.at = last;
    },
    newest: async (access, start) => {
      // Not in the line with the others: it may take long, once.
      if (changes.of(access) === undefined) await coverNow(start);
      return changes.of(access)?.action;
    },
    unfinished: changes.unfinished,
  };
}

const lostChain = 'its entries are in a chain that was lost';
