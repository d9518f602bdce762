/** A ledger that somebody with access to Redis has had a hand in: records put back, forged or taken out. */
import type { AccessId } from '../../src/domain/ids.ts';
import type { Ledger, Read, Stored } from '../../src/ports/ledger.ts';

export type HarmedLedger = Ledger & {
  /** The record is this older one again, MAC and all. */
  putBack(stored: Stored): void;
  /** The record does not verify any more. */
  forge(id: AccessId): void;
  /** The record is gone. */
  takeOut(id: AccessId): void;
};

export function harmedLedger(inner: Ledger): HarmedLedger {
  const harmed = new Map<AccessId, Read>();
  return {
    ...inner,
    putBack: (stored) => void harmed.set(stored.access.request.id, stored),
    forge: (id) => void harmed.set(id, 'forged'),
    takeOut: (id) => void harmed.set(id, 'absent'),
    read: async (id) => harmed.get(id) ?? inner.read(id),
    unfinished: async () => (await inner.unfinished()).filter((id) => harmed.get(id) !== 'absent'),
    commit: async (change, entries) => {
      const { id } = change.next.request;
      const put = harmed.get(id);
      if (put === undefined || typeof put === 'string') return inner.commit(change, entries);
      if (change.from?.version !== put.version) return 'conflict';
      // What stands underneath is newer: the put-back record takes its place.
      const under = await inner.read(id);
      if (typeof under === 'string') return 'conflict';
      const committed = await inner.commit(
        { next: change.next, from: { ...put, version: under.version } },
        entries,
      );
      if (committed !== 'conflict') harmed.delete(id);
      return committed;
    },
  };
}
