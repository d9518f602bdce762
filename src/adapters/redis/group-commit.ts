/**
 * Commits that are pending in this process go out as one Lua call under one signature: the hash chain admits one writer
 * at a time, so writers that wait for each other share the round trip. While Redis works on one group, the next is
 * sealed onto the tail that the first will leave. That guess is safe: the call compares the tail before it writes.
 */
import type { KeyObject } from 'node:crypto';
import type { Draft, Head } from '../../domain/audit.ts';
import { type Change, type Committed, LedgerFault } from '../../ports/ledger.ts';
import type { FoundTail } from './find-tail.ts';
import { type SealedGroup, sealGroup } from './seal-group.ts';

export type Pending = {
  readonly change?: Change;
  readonly drafts: readonly Draft[];
  readonly settle: (outcome: Committed | undefined) => void;
  readonly fail: (error: unknown) => void;
};

export type GroupCommitDeps = {
  readonly keys: { readonly signing: KeyObject; readonly mac: KeyObject };
  /** Finds the trail's tail in Redis. */
  readonly locate: () => Promise<FoundTail>;
  /** Runs the commit script on the tail that the group was sealed onto; gives its answer. */
  readonly send: (sealed: SealedGroup<Pending>, onto: FoundTail['tail']) => Promise<readonly string[]>;
  /** Called with what Redis has confirmed, before the group's writers hear of it. */
  readonly saw: (sealed: SealedGroup<Pending>, onto: FoundTail['tail']) => Promise<void>;
  /** Whether the trail is known to have gone on after this head: then it must be looked at anew. */
  readonly isOutrun: (head: Head) => boolean;
  readonly faultFrom: (error: unknown) => unknown;
};

/** The most commits that share one call: few enough that busy writers keep two groups going, one sealed, one written. */
const groupMax = 32;
/** Each failed attempt to append means that another bot appended in between. */
const attemptsMax = 100;

/** Gives `submit`: settles with the change as it was stored, 'conflict', or nothing for entries without a change. */
export function groupCommit({ keys, locate, send, saw, isOutrun, faultFrom }: GroupCommitDeps) {
  const queue: Pending[] = [];
  let flushing = false;
  /** The tail once every call under way has succeeded; undefined if Redis must be asked. */
  let expected: FoundTail | undefined;
  /** Fulfilled once every group so far is settled. */
  let settled: Promise<void> = Promise.resolve();

  async function flush(): Promise<void> {
    flushing = true;
    for (;;) {
      // Writers woken by the same event get the chance to share one call.
      await new Promise((resume) => setImmediate(resume));
      if (queue.length === 0) break;
      const earlier = settled;
      settled = commitGroup(takeGroup(queue), earlier);
      // Two calls are under way at most.
      await earlier;
    }
    flushing = false;
  }

  async function commitGroup(group: readonly Pending[], earlier: Promise<void>): Promise<void> {
    let rest = group;
    try {
      for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
        const onto = expected !== undefined && !isOutrun(expected.tail.head) ? expected : await locate();
        const sealed = sealGroup(rest, onto.lost, onto.tail, keys);
        expected = { tail: sealed.tail, lost: [] };
        const [[answer, ...conflicts]] = await Promise.all([send(sealed, onto.tail), earlier]);
        if (answer === 'ok') {
          await saw(sealed, onto.tail);
          for (const [pending, stored] of sealed.outcomes) pending.settle(stored);
          return;
        }
        if (answer === 'tail') {
          expected = await locate();
        } else {
          // Compared after the tail: that one was right, and nothing was added to it.
          expected = onto;
          const losers = new Set(conflicts.map((index) => sealed.records[Number(index) - 1]?.member));
          for (const loser of losers) loser?.settle('conflict');
          rest = rest.filter((pending) => !losers.has(pending));
          if (rest.length === 0) return;
        }
      }
      throw new LedgerFault('unavailable', 'the trail moved on at every attempt to append to it');
    } catch (error) {
      await earlier;
      // Whether the call took effect is unknown: the next one finds out from the trail.
      expected = undefined;
      for (const pending of rest) pending.fail(faultFrom(error));
    }
  }

  return (drafts: readonly Draft[], change?: Change): Promise<Committed | undefined> =>
    new Promise((settle, fail) => {
      queue.push({ drafts, settle, fail, ...(change === undefined ? {} : { change }) });
      if (!flushing) void flush();
    });
}

/** Takes pending commits in order, at most one per record, so that each is compared with what is stored. */
function takeGroup(queue: Pending[]): readonly Pending[] {
  const taken: Pending[] = [];
  const kept: Pending[] = [];
  const records = new Set<string>();
  for (const pending of queue.splice(0)) {
    const id = pending.change?.next.request.id;
    if (taken.length >= groupMax || (id !== undefined && records.has(id))) {
      kept.push(pending);
    } else {
      taken.push(pending);
      if (id !== undefined) records.add(id);
    }
  }
  queue.push(...kept);
  return taken;
}
