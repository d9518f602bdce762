/**
 * The audit stream as Redis holds it. An entry's stream id is `<epoch>-<seq>`, where the epoch is the instant at which
 * its chain began: so a place in the trail can be computed, and one chain's ids never collide with another's.
 */
import type { KeyObject } from 'node:crypto';
import { type Entry, type Head, hashOf, isSignedBy } from '../../domain/audit.ts';
import { readEntry } from '../../domain/verify-chain.ts';
import type { Connection } from './connect.ts';

export type Row = {
  readonly id: string;
  readonly text: string;
  readonly entry: Entry | undefined;
  readonly sig?: string;
};

export function idAt(epoch: number, seq: number): string {
  return `${epoch}-${seq}`;
}

export function epochOf(id: string): number {
  return Number(id.slice(0, id.indexOf('-')));
}

/** Whether one place in the stream comes before another. */
export function isBefore(one: string, other: string): boolean {
  const [oneEpoch, otherEpoch] = [epochOf(one), epochOf(other)];
  return oneEpoch === otherEpoch ? seqOf(one) < seqOf(other) : oneEpoch < otherEpoch;
}

function seqOf(id: string): number {
  return Number(id.slice(id.indexOf('-') + 1));
}

export async function lastRow(redis: Connection, key: string): Promise<Row | undefined> {
  return rowsOf(await redis.xrevrange(key, '+', '-', 'COUNT', 1))[0];
}

export async function rowsFrom(
  redis: Connection,
  key: string,
  from: string,
  limit: number,
): Promise<readonly Row[]> {
  return rowsOf(await redis.xrange(key, from, '+', 'COUNT', limit));
}

/** Every row from `from` (an id, `(id` to leave it out, or `-`), in pages. */
export async function* pagesFrom(
  redis: Connection,
  key: string,
  from: string,
  pageSize = 500,
): AsyncGenerator<readonly Row[]> {
  let cursor = from;
  for (;;) {
    const rows = await rowsFrom(redis, key, cursor, pageSize);
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    cursor = `(${last.id}`;
  }
}

/** A row that says what its hash says. */
export function isIntact(row: Row): row is Row & { readonly entry: Entry } {
  return (
    row.entry !== undefined && hashOf(row.entry) === row.entry.hash && row.id.endsWith(`-${row.entry.seq}`)
  );
}

/** A row that ends a commit of ours: intact, and signed by one of `keys`. */
export function isVouched(row: Row, keys: readonly KeyObject[]): row is Row & { readonly entry: Entry } {
  const { sig } = row;
  return isIntact(row) && sig !== undefined && keys.some((key) => isSignedBy(row.entry.hash, sig, key));
}

/** Whether `row` is the next entry after `head`. */
export function follows(head: Head, row: Row): boolean {
  return (
    isIntact(row) &&
    row.entry.chain === head.chain &&
    row.entry.seq === head.seq + 1 &&
    row.entry.prev === head.hash
  );
}

/** What `XRANGE` and its like give. */
export function rowsOf(raw: readonly [id: string, fields: string[]][]): readonly Row[] {
  return raw.map(toRow);
}

function toRow([id, fields]: [id: string, fields: string[]]): Row {
  const field = (name: string): string | undefined => {
    const index = fields.findIndex((each, place) => place % 2 === 0 && each === name);
    return index < 0 ? undefined : fields[index + 1];
  };
  const text = field('entry') ?? '';
  const sig = field('sig');
  return { id, text, entry: readEntry(text), ...(sig === undefined ? {} : { sig }) };
}
