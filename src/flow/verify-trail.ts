/**
 * Verifies the trail: every entry's hash and place, the signatures, and that it still holds what its witnesses saw. It
 * believes neither Redis nor the export, only the pinned keys; a witness is asked first, so that it is never ahead.
 */
import type { Head } from '../domain/audit.ts';
import { type StoredLine, type Verified, verifyChain } from '../domain/verify-chain.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { ReadExport, TrustedKeys } from './trail-export.ts';

export type Witnessed = Pick<Head, 'seq' | 'hash'>;

export type TrailVerdict = Verified & {
  /** What the trail was held against: without any, a trail that was cut short cannot be told from a whole one. */
  readonly witnessed: readonly Witnessed[];
};

export type VerifyTrailDeps = {
  readonly ledger: Pick<Ledger, 'dump'>;
  /** Each gives the newest entry that it saw; none where it never saw one. */
  readonly witnesses: readonly (() => Promise<Head | undefined>)[];
};

export async function verifyTrail(
  { ledger, witnesses }: VerifyTrailDeps,
  keys: TrustedKeys,
  heads: readonly Witnessed[] = [],
): Promise<TrailVerdict> {
  const seen = await Promise.all(witnesses.map((last) => last()));
  const witnessed = [...heads, ...seen.filter((head) => head !== undefined)];
  const lines: StoredLine[] = [];
  for await (const line of ledger.dump()) lines.push(line);
  return { ...verifyChain(lines, keys, witnessed), witnessed };
}

/** The same for an export. Line numbers are those of the file, whose first line is the header. */
export function verifyExport(
  { lines }: ReadExport,
  keys: TrustedKeys,
  heads: readonly Witnessed[] = [],
): TrailVerdict {
  const { flaws, ...rest } = verifyChain(lines, keys, heads);
  return {
    ...rest,
    flaws: flaws.map((flaw) => {
      if (flaw.line === undefined) return flaw;
      const line = flaw.line + 1;
      return { ...flaw, line, says: flaw.says.replace(`line ${flaw.line}`, `line ${line}`) };
    }),
    witnessed: heads,
  };
}
