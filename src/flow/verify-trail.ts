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
  /** Why a witness could not be asked, one line each. */
  readonly unheard: readonly string[];
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
  const answers = await Promise.allSettled(witnesses.map((last) => last()));
  const seen = answers.flatMap((each) => (each.status === 'fulfilled' && each.value ? [each.value] : []));
  const unheard = answers.flatMap((each) => (each.status === 'rejected' ? [reasonOf(each.reason)] : []));
  const witnessed = [...heads, ...seen];
  const lines: StoredLine[] = [];
  for await (const line of ledger.dump()) lines.push(line);
  return { ...verifyChain(lines, keys, witnessed), witnessed, unheard };
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
    unheard: [],
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
