/** The ledger's memory twin: the same promises in a map and an array. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { isFinished } from '../../src/domain/access.ts';
import {
  type Draft,
  emptyChain,
  type Head,
  headOf,
  isSignedBy,
  seal,
  signHash,
} from '../../src/domain/audit.ts';
import { tellsChange } from '../../src/domain/changes.ts';
import type { AccessId } from '../../src/domain/ids.ts';
import { verifyChain } from '../../src/domain/verify-chain.ts';
import type { Ledger, Stored, TrailEntry } from '../../src/ports/ledger.ts';
import { newSigningKey } from './builders.ts';

export type MemoryLedger = Ledger & { readonly signingKey: KeyObject };

export function memoryLedger(signingKey: KeyObject = newSigningKey()): MemoryLedger {
  const records = new Map<string, Stored>();
  const untold = new Set<AccessId>();
  const trail: TrailEntry[] = [];
  const publicKey = createPublicKey(signingKey);
  let head: Head = emptyChain('memory');

  const write = (drafts: readonly Draft[]): string[] =>
    drafts.map((draft, index) => {
      const entry = seal(draft, head);
      head = headOf(entry);
      trail.push({
        entry,
        ...(index === drafts.length - 1 ? { sig: signHash(entry.hash, signingKey) } : {}),
      });
      return `0-${entry.seq}`;
    });

  return {
    signingKey,
    read: async (id) => records.get(id) ?? 'absent',
    commit: async ({ next, from }, entries) => {
      const { id } = next.request;
      if ((records.get(id)?.version ?? 0) !== (from?.version ?? 0)) return 'conflict';
      const stored = {
        access: next,
        version: (from?.version ?? 0) + 1,
        evidence: [...(from?.evidence ?? []), ...write(entries)],
      };
      records.set(id, stored);
      untold.add(id);
      return stored;
    },
    append: async (entries) => {
      write(entries);
    },
    evidence: async ({ access, evidence }) => {
      const flaw = verifyChain(
        trail.map(({ entry, sig }) => ({
          entry: JSON.stringify(entry),
          ...(sig === undefined ? {} : { sig }),
        })),
        [publicKey],
      ).flaws[0];
      if (flaw !== undefined) return { flaw: flaw.says };
      const entries = trail
        .filter(({ entry }) => entry.access === access.request.id)
        .map(({ entry }) => entry);
      const present = new Set(entries.map((entry) => `0-${entry.seq}`));
      return evidence.length > 0 && evidence.every((id) => present.has(id))
        ? { entries }
        : { flaw: 'not in the trail' };
    },
    newest: async (id) =>
      trail.findLast(({ entry }) => entry.access === id && tellsChange(entry.action))?.entry.action,
    unfinished: async () =>
      [...records.values()]
        .filter(({ access }) => !isFinished(access))
        .map(({ access }) => access.request.id),
    untold: async () => [...untold],
    told: async ({ access, version }) => {
      if (records.get(access.request.id)?.version === version) untold.delete(access.request.id);
    },
    find: async (prefix, limit) =>
      [...records.values()]
        .map(({ access }) => access.request.id)
        .filter((id) => id.startsWith(prefix))
        .sort()
        .slice(0, limit),
    unfinishedOf: async (person) =>
      [...records.values()]
        .filter(({ access }) => access.request.requester.id === person && !isFinished(access))
        .map(({ access }) => access.request)
        .sort((one, other) => other.askedAt - one.askedAt)
        .map(({ id, target }) => ({ id, target })),
    of: async (person, limit) =>
      [...records.values()]
        .map(({ access }) => access.request)
        .filter(({ requester }) => requester.id === person)
        .sort((one, other) => other.askedAt - one.askedAt)
        .slice(0, limit)
        .map(({ id }) => id),
    recent: async (limit) =>
      [...records.values()]
        .map(({ access }) => access.request)
        .sort((one, other) => other.askedAt - one.askedAt)
        .slice(0, limit)
        .map(({ id }) => id),
    trail: async (after, limit) => trail.slice(after, after + limit),
    async *dump() {
      for (const { entry, sig } of trail)
        yield { entry: JSON.stringify(entry), ...(sig === undefined ? {} : { sig }) };
    },
    head: async () => head,
  };
}

/** Whether `sig` is this ledger's over the entry: what an auditor would check. */
export function vouches(ledger: MemoryLedger, line: TrailEntry): boolean {
  return line.sig !== undefined && isSignedBy(line.entry.hash, line.sig, createPublicKey(ledger.signingKey));
}
