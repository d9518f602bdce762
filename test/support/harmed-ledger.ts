/** A ledger that somebody with access to Redis has had a hand in: records put back, forged or taken out. */

import { mustBeNewest, tellsChange } from '../../src/domain/changes.ts';
import type { AccessId } from '../../src/domain/ids.ts';
import { isStored, type Ledger, type Read, type Stored } from '../../src/ports/ledger.ts';

export type HarmedLedger = Ledger & {
  /** The record is this older one again, MAC and all. */
  putBack(stored: Stored): void;
  /** The record does not verify any more. */
  forge(id: AccessId): void;
  /** The access is left out of the index of what is unfinished. */
  hide(id: AccessId): void;
  /** The record is gone. */
  takeOut(id: AccessId): void;
};

export function harmedLedger(inner: Ledger): HarmedLedger {
  const harmed = new Map<AccessId, Read>();
  const hidden = new Set<AccessId>();
  return {
    ...inner,
    putBack: (stored) => void harmed.set(stored.access.request.id, stored),
    forge: (id) => void harmed.set(id, 'forged'),
    hide: (id) => void hidden.add(id),
    takeOut: (id) => void harmed.set(id, 'absent'),
    read: async (id) => {
      const put = harmed.get(id);
      if (put === undefined) return inner.read(id);
      if (!isStored(put) || !mustBeNewest(put.access)) return put;
      const newest = (await inner.trail(0, 100_000)).findLast(
        ({ entry }) => entry.access === id && tellsChange(entry.action),
      )?.entry;
      return newest === undefined || put.evidence.includes(`0-${newest.seq}`)
        ? put
        : { outdated: put, says: `the trail is further on: it says ${newest.action}` };
    },
    unfinished: async () => {
      const put = [...harmed].filter(([, read]) => typeof read !== 'string').map(([id]) => id);
      const named = new Set([...(await inner.unfinished()), ...put]);
      return [...named].filter((id) => harmed.get(id) !== 'absent' && !hidden.has(id));
    },
    commit: async (change, entries) => {
      const { id } = change.next.request;
      const put = harmed.get(id);
      if (put === undefined || !isStored(put)) return inner.commit(change, entries);
      if (change.from?.version !== put.version) return 'conflict';
      // What stands underneath is newer: the put-back record takes its place.
      const under = await inner.read(id);
      if (!isStored(under)) return 'conflict';
      const committed = await inner.commit(
        { next: change.next, from: { ...put, version: under.version } },
        entries,
      );
      if (committed !== 'conflict') harmed.delete(id);
      return committed;
    },
  };
}
