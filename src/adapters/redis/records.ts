/**
 * Records as Redis holds them: a row of JSON under a MAC whose key is derived from the signing key, so that whoever can
 * only write to Redis cannot write a record that the bot believes.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { type Access, states } from '../../domain/access.ts';
import type { Head } from '../../domain/audit.ts';
import type { AccessId } from '../../domain/ids.ts';
import type { Stored } from '../../ports/ledger.ts';

export type StoredFields = { readonly version: string; readonly row: string; readonly mac: string };

const rowSchema = z.strictObject({
  version: z.int().min(1),
  access: z.looseObject({ state: z.enum(states), request: z.looseObject({ id: z.string() }) }),
  evidence: z.array(z.string().regex(/^[0-9]+-[0-9]+$/)),
  last: z.strictObject({ chain: z.string(), seq: z.int(), hash: z.string() }),
});

export function writeRecord(stored: Stored, last: Head, key: KeyObject): StoredFields {
  const { access, version, evidence } = stored;
  const row = JSON.stringify({
    version,
    access,
    evidence,
    last: { chain: last.chain, seq: last.seq, hash: last.hash },
  });
  return { version: String(version), row, mac: macOf(access.request.id, row, key) };
}

/** Reads what `HGETALL` gave. Anything that this bot did not write, or wrote for another access, is `forged`. */
export function readRecord(
  id: AccessId,
  fields: Partial<StoredFields>,
  key: KeyObject,
): Stored | 'absent' | 'forged' {
  if (Object.keys(fields).length === 0) return 'absent';
  const { version, row, mac } = fields;
  if (version === undefined || row === undefined || mac === undefined) return 'forged';
  const expected = Buffer.from(macOf(id, row, key), 'hex');
  const given = Buffer.from(mac, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'forged';
  const parsed = rowSchema.safeParse(JSON.parse(row));
  if (!parsed.success || parsed.data.access.request.id !== id || String(parsed.data.version) !== version)
    return 'forged';
  // The MAC says that this process, or one with its key, wrote the access: its inner shape is its own.
  return {
    access: parsed.data.access as unknown as Access,
    version: parsed.data.version,
    evidence: parsed.data.evidence,
  };
}

function macOf(id: string, row: string, key: KeyObject): string {
  return createHmac('sha256', key).update(`${id}\n${row}`, 'utf8').digest('hex');
}
