/**
 * The chain in a recording's file. After each piece that was written stands a comment
 *
 *     # chain <hex>
 *
 * where hex = SHA-256 over the 64 ASCII bytes of the hex before (64 zeros at first) and all bytes since that comment's
 * line. So of a file that a crash cut off it can be told how much is as it was written.
 *
 * The chain has no secret: whoever can write the file can write it anew. What anchors a recording is the digest of the
 * whole file in the trail, and nothing else.
 */
import { createHash, type Hash } from 'node:crypto';

export const chainStart = '0'.repeat(64);

export type Verdict =
  /** Ends with a chain line, and all of them are right. */
  | { readonly kind: 'whole' }
  /** Right up to here; the bytes that follow are in no chain line. */
  | { readonly kind: 'prefix'; readonly bytes: number }
  /** The chain line of this number (from 1) is wrong: something between the one before and it was changed. */
  | { readonly kind: 'altered'; readonly line: number };

export type ChainReader = {
  read(bytes: Uint8Array): void;
  /** Of what was read so far. */
  verdict(): Verdict;
  /** Where the last chain line ends, and what it says, right or wrong. */
  last(): { readonly end: number; readonly chain: string };
};

const newline = 0x0a;
const numberSign = 0x23;
const chainPattern = /^# chain ([0-9a-f]{64})\n$/;
/** Of a chain line, with its end. Longer comments are like any other line. */
const chainLength = 8 + 64 + 1;

/** What the chain line after `written` says. */
export function chainAfter(before: string, written: readonly Uint8Array[]): string {
  const hash = createHash('sha256').update(before);
  for (const bytes of written) hash.update(bytes);
  return hash.digest('hex');
}

export function chainLine(chain: string): string {
  return `# chain ${chain}\n`;
}

export function verifyRecording(bytes: Uint8Array): Verdict {
  const reader = chainReader();
  reader.read(bytes);
  return reader.verdict();
}

/** Reads a file in pieces cut anywhere, in constant memory. */
export function chainReader(): ChainReader {
  let chain = chainStart;
  let hash = begin(chain);
  let offset = 0;
  let end = 0;
  let line = 1;
  let altered: number | undefined;
  let atLineStart = true;
  /** A comment as far as it was read. */
  let comment: number[] | undefined;

  /** Hashes up to the next comment, and gives where it begins. */
  function readPlain(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && !(atLineStart && bytes[at] === numberSign)) {
      const found = bytes.indexOf(newline, at);
      atLineStart = found >= 0;
      at = atLineStart ? found + 1 : bytes.length;
      if (atLineStart) line += 1;
    }
    hash.update(bytes.subarray(from, at));
    if (at < bytes.length) comment = [];
    return at;
  }

  function readComment(bytes: Uint8Array, from: number, held: number[]): number {
    let at = from;
    while (at < bytes.length && held.length < chainLength) {
      const byte = bytes[at] ?? 0;
      held.push(byte);
      at += 1;
      if (byte === newline) break;
    }
    const isLine = held.at(-1) === newline;
    if (!isLine && held.length < chainLength) return at;
    comment = undefined;
    atLineStart = isLine;
    endComment(Uint8Array.from(held), offset + at);
    if (isLine) line += 1;
    return at;
  }

  function endComment(held: Uint8Array, at: number): void {
    const text = String.fromCharCode(...held);
    const said = chainPattern.exec(text)?.[1];
    if (said === undefined) {
      if (text.startsWith('# chain ')) altered ??= line;
      hash.update(held);
      return;
    }
    if (hash.digest('hex') !== said) altered ??= line;
    chain = said;
    hash = begin(chain);
    end = at;
  }

  return {
    read(bytes) {
      let at = 0;
      while (at < bytes.length)
        at = comment === undefined ? readPlain(bytes, at) : readComment(bytes, at, comment);
      offset += bytes.length;
    },
    verdict() {
      if (altered !== undefined) return { kind: 'altered', line: altered };
      return end === offset && end > 0 ? { kind: 'whole' } : { kind: 'prefix', bytes: end };
    },
    last: () => ({ end, chain }),
  };
}

function begin(chain: string): Hash {
  return createHash('sha256').update(chain);
}
