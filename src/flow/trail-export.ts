/**
 * The trail as a file: JSON lines, first `{"chain", "keys"}`, then `{"entry", "sig"}` for each entry. A row of the
 * stream that is no JSON is written as `{"unreadable": "…"}`, so that an export hides nothing.
 */
import { publicKeyFrom } from '../domain/audit.ts';
import type { StoredLine, verifyChain } from '../domain/verify-chain.ts';
import type { Ledger } from '../ports/ledger.ts';

export type TrustedKeys = Parameters<typeof verifyChain>[1];

/** Lines without their line ends. `keys` are public keys in base64, as the trail writes them. */
export async function* exportTrail(
  { ledger }: { readonly ledger: Pick<Ledger, 'head' | 'dump'> },
  keys: readonly string[],
): AsyncGenerator<string> {
  yield JSON.stringify({ chain: (await ledger.head()).chain, keys });
  for await (const line of ledger.dump()) yield exportLine(line);
}

export function exportLine({ entry, sig }: StoredLine): string {
  const beside = sig === undefined ? {} : { sig };
  const parsed = parseJson(entry);
  return JSON.stringify(
    parsed === undefined ? { unreadable: entry, ...beside } : { entry: parsed, ...beside },
  );
}

export type ReadExport = { readonly keys: readonly string[]; readonly lines: readonly StoredLine[] };

/** Reads an export back; undefined where its first line is not the one that an export begins with. */
export function readExport(text: string): ReadExport | undefined {
  const [first = '', ...rest] = text.replace(/\n+$/, '').split('\n');
  const header = parseJson(first);
  if (!isObject(header) || !Array.isArray(header.keys)) return undefined;
  return { keys: header.keys.filter((key) => typeof key === 'string'), lines: rest.map(readLine) };
}

/** Undefined where `text` is no Ed25519 public key in base64. */
export function readPublicKey(text: string): TrustedKeys[number] | undefined {
  try {
    return /^[A-Za-z0-9+/]{43}=$/.test(text) ? publicKeyFrom(text) : undefined;
  } catch {
    return undefined;
  }
}

function readLine(text: string): StoredLine {
  const row = parseJson(text);
  if (!isObject(row) || !isObject(row.entry)) return { entry: '' };
  const { entry, sig } = row;
  return { entry: JSON.stringify(entry), ...(typeof sig === 'string' ? { sig } : {}) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (_, value) => {
      // `1e400` is read as infinity and would be written as null: another entry than the one that stood there.
      if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('too large');
      return value;
    });
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
