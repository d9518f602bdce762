/**
 * Checks a run of stored entries and says what is wrong with which one. It believes nothing but the pinned keys:
 * neither the order in which it is given the lines nor what they say of themselves.
 */
import type { KeyObject } from 'node:crypto';
import {
  assertPortable,
  type Entry,
  emptyChain,
  entrySchema,
  genesis,
  type Head,
  hashOf,
  headOf,
  isSignedBy,
  publicKeyFrom,
  publicKeyText,
} from './audit.ts';

/** One stored line: the entry's JSON text as it was found, and the signature that stands beside it, if any. */
export type StoredLine = { readonly entry: string; readonly sig?: string };

export type Flaw = {
  readonly kind:
    | 'unreadable'
    | 'edited'
    | 'missing'
    | 'inserted'
    | 'reordered'
    | 'fork'
    | 'unsigned'
    | 'bad-signature'
    | 'truncated';
  /** Which entry, as `seq` of the chain, or the line's place, from 1, where it has none that can be read. */
  readonly chain?: string;
  readonly seq?: number;
  readonly line?: number;
  readonly says: string;
};

export type Verified = {
  readonly entries: number;
  readonly chains: readonly Head[];
  readonly flaws: readonly Flaw[];
};

/**
 * Verifies `lines` against `keys` and, where given, a witnessed `head` that the trail must still hold.
 * Entries that stand after the last valid signature of their chain are a flaw: nobody vouches for them.
 */
export function verifyChain(
  lines: readonly StoredLine[],
  keys: readonly KeyObject[],
  witness: readonly Pick<Head, 'seq' | 'hash'>[] = [],
): Verified {
  const flaws: Flaw[] = [];
  const trusted = [...keys];
  const heads = new Map<string, Head>();
  const unsigned = new Map<string, number>();
  const seen = new Map<string, string>();
  let count = 0;

  for (const [index, line] of lines.entries()) {
    const entry = readEntry(line.entry);
    if (entry === undefined) {
      flaws.push({ kind: 'unreadable', line: index + 1, says: `line ${index + 1} is not an entry` });
      continue;
    }
    count += 1;
    const at = { chain: entry.chain, seq: entry.seq };
    const name = `entry #${entry.seq} of chain ${entry.chain}`;
    const head = heads.get(entry.chain) ?? emptyChain(entry.chain);

    const whole = hashOf(entry) === entry.hash;
    if (!whole) {
      flaws.push({ kind: 'edited', ...at, says: `${name} was edited: its content does not give its hash` });
    }
    const twin = seen.get(`${entry.chain}#${entry.seq}`);
    if (twin !== undefined) {
      flaws.push(
        twin === entry.hash
          ? { kind: 'inserted', ...at, says: `${name} stands twice` }
          : { kind: 'fork', ...at, says: `${name} exists with two different hashes` },
      );
    } else if (entry.seq > head.seq + 1) {
      const absent =
        head.seq + 2 === entry.seq ? `#${head.seq + 1}` : `#${head.seq + 1} to #${entry.seq - 1}`;
      flaws.push({
        kind: 'missing',
        chain: entry.chain,
        seq: head.seq + 1,
        says: `${absent} of chain ${entry.chain} missing before #${entry.seq}`,
      });
    } else if (entry.seq <= head.seq) {
      flaws.push({ kind: 'reordered', ...at, says: `${name} stands after #${head.seq}` });
    } else if (entry.prev !== (head.seq === 0 ? genesis : head.hash)) {
      flaws.push({
        kind: 'inserted',
        ...at,
        says: `${name} does not follow #${head.seq}: its prev is another entry's hash`,
      });
    }
    seen.set(`${entry.chain}#${entry.seq}`, entry.hash);
    if (entry.seq >= head.seq) heads.set(entry.chain, headOf(entry));

    if (line.sig === undefined) {
      unsigned.set(entry.chain, unsigned.get(entry.chain) ?? entry.seq);
    } else if (!trusted.some((key) => isSignedBy(entry.hash, line.sig ?? '', key))) {
      flaws.push({
        kind: 'bad-signature',
        ...at,
        says: `${name} carries a signature by none of the pinned keys`,
      });
    } else {
      unsigned.delete(entry.chain);
      const next = whole ? announcedKey(entry) : undefined;
      if (next !== undefined && !trusted.some((key) => publicKeyText(key) === next))
        trusted.push(publicKeyFrom(next));
    }
  }

  for (const [chain, seq] of unsigned) {
    flaws.push({
      kind: 'unsigned',
      chain,
      seq,
      says: `nothing signed from entry #${seq} of chain ${chain} on`,
    });
  }
  for (const head of witness) {
    const held = [...seen].some(([key, hash]) => key.endsWith(`#${head.seq}`) && hash === head.hash);
    if (!held) {
      flaws.push({
        kind: 'truncated',
        seq: head.seq,
        says: `the witnessed entry #${head.seq} (${head.hash.slice(0, 8)}) is not in the trail`,
      });
    }
  }
  return { entries: count, chains: [...heads.values()], flaws };
}

/**
 * Reads a stored entry, whole: a parsed copy could lack a key that nobody would then hash. What the bot could never
 * have sealed is no entry.
 */
export function readEntry(text: string): Entry | undefined {
  try {
    const raw: unknown = JSON.parse(text);
    assertPortable(raw, 'entry');
    return entrySchema.safeParse(raw).success ? (raw as Entry) : undefined;
  } catch {
    return undefined;
  }
}

/** A new key is announced in an entry signed by the old one: `bot.started` with `details.next_key`. */
function announcedKey(entry: Entry): string | undefined {
  const next = entry.action === 'bot.started' ? entry.details.next_key : undefined;
  return typeof next === 'string' ? next : undefined;
}
