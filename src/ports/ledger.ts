/**
 * The ledger: one record per access, and the audit trail, moved together.
 *
 * What every keeper promises:
 * - `commit` is atomic: the record moves from the expected version to the next and the entries stand at the end of the
 *   trail, chained and signed, or nothing happened. It returns `conflict` when somebody else was first.
 * - Entries of one commit stand together and in order. The trail has one order for everybody.
 * - `read` returns only records whose MAC holds; others are reported as `forged` and never as an access. A record by
 *   which something could be given or kept is returned only where it holds the newest change that the signed trail
 *   tells of its access; an older one is reported as `outdated`, also one of a chain that was lost.
 * - `evidence` returns the entries of an access as they stand in the signed trail, verified, from its first to the
 *   newest one that the trail holds.
 * - When the trail was lost or altered underneath, a new chain begins whose first entry is `ledger.lost`, naming the
 *   last entry that was witnessed of the old one. Nothing is ever appended to a chain that does not verify.
 * - A keeper throws `LedgerFault` and nothing else.
 */
import type { Access } from '../domain/access.ts';
import type { Draft, Entry, Head } from '../domain/audit.ts';
import type { AccessId } from '../domain/ids.ts';
import type { StoredLine } from '../domain/verify-chain.ts';

export type Stored = {
  readonly access: Access;
  readonly version: number;
  /** Where the entries of its changes stand in the trail; only the keeper reads it. */
  readonly evidence: readonly string[];
};

/** The bot wrote this record, and it is not the one that counts: somebody put it back. */
export type Outdated = {
  readonly outdated: Stored;
  /** What is wrong with it, in words. */
  readonly says: string;
};

export type Read = Stored | Outdated | 'absent' | 'forged';

export function isStored(read: Read): read is Stored {
  return typeof read !== 'string' && 'access' in read;
}

export type Change = {
  readonly next: Access;
  /** What `next` was made from; absent where the access is new. */
  readonly from?: Stored;
};

export type Committed = Stored | 'conflict';

export type Evidence = { readonly entries: readonly Entry[] } | { readonly flaw: string };

export type TrailEntry = { readonly entry: Entry; readonly sig?: string };

export interface Ledger {
  read(id: AccessId): Promise<Read>;
  commit(change: Change, entries: readonly Draft[]): Promise<Committed>;
  /** Entries that belong to no record's change: refusals, policy reloads, starts. */
  append(entries: readonly Draft[]): Promise<void>;
  evidence(stored: Stored): Promise<Evidence>;
  /** The action of the newest change that the signed trail tells of an access; undefined where it tells of none. */
  newest(id: AccessId): Promise<string | undefined>;
  /** Ids of accesses to which the world still owes something, by the index or by the trail. Some may have no record. */
  unfinished(): Promise<readonly AccessId[]>;
  /** Ids of accesses that changed since people were last told: what was committed and then forgotten by a crash. */
  untold(): Promise<readonly AccessId[]>;
  /** People were told of this version of the access. A newer version stays untold. */
  told(stored: Stored): Promise<void>;
  /** Every access id that starts with `prefix`, at most `limit` of them. */
  find(prefix: string, limit: number): Promise<readonly AccessId[]>;
  /** Those of them that one requester asked for, and their targets, newest first. */
  unfinishedOf(person: string): Promise<readonly { readonly id: AccessId; readonly target: string }[]>;
  /** The newest accesses of one requester, newest first. */
  of(person: string, limit: number): Promise<readonly AccessId[]>;
  /** The newest accesses, newest first. */
  recent(limit: number): Promise<readonly AccessId[]>;
  /** The trail after `seq` of the present chain (0: from its start), at most `limit` entries. */
  trail(after: number, limit: number): Promise<readonly TrailEntry[]>;
  /** Everything that the trail holds, as it is stored: old chains too, and rows that are no entry. Nothing is checked. */
  dump(): AsyncIterable<StoredLine>;
  head(): Promise<Head>;
}

export class LedgerFault extends Error {
  override readonly name = 'LedgerFault';
  readonly code: 'unavailable' | 'corrupt';
  readonly retryable: boolean;

  constructor(code: LedgerFault['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.retryable = code === 'unavailable';
  }
}
