/**
 * The ledger in Redis. Commits that are pending in this process go out as one Lua call under one signature (group
 * commit): the hash chain admits one writer at a time, so writers that wait for each other share the round trip.
 */
import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import type { Draft, Entry, Head } from '../../domain/audit.ts';
import { isAccessId, toBase32 } from '../../domain/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import {
  type Change,
  type Committed,
  type Evidence,
  type Ledger,
  LedgerFault,
  type Read,
  type Stored,
} from '../../ports/ledger.ts';
import type { Witness } from '../../ports/witness.ts';
import { commitScript, toldScript } from './commit-script.ts';
import type { Connection } from './connect.ts';
import { type FoundTail, findTail } from './find-tail.ts';
import { macKeyFrom, readRecord } from './records.ts';
import { sealGroup } from './seal-group.ts';
import { epochOf, follows, idAt, isIntact, isVouched, pagesFrom, rowsFrom } from './trail.ts';

export type RedisLedgerDeps = {
  readonly redis: Connection;
  readonly signingKey: KeyObject;
  readonly clock: Pick<Clock, 'now'>;
  /** What remembers the trail's head across restarts of this process. */
  readonly witness: Witness;
  /** Key prefix with its hash tag. */
  readonly prefix?: string;
};

type Pending = {
  readonly change?: Change;
  readonly drafts: readonly Draft[];
  readonly settle: (outcome: Committed | undefined) => void;
  readonly fail: (error: unknown) => void;
};

/** The most commits that share one call: it bounds how long Redis is busy with it. */
const groupMax = 128;
/** Each failed attempt to append means that another bot appended in between. */
const attemptsMax = 100;

export function redisLedger({
  redis,
  signingKey,
  clock,
  witness,
  prefix = '{prod-access}',
}: RedisLedgerDeps): Ledger {
  const key = {
    trail: `${prefix}:audit`,
    unfinished: `${prefix}:unfinished`,
    ids: `${prefix}:ids`,
    recent: `${prefix}:recent`,
    untold: `${prefix}:untold`,
  };
  const recordKey = (id: string): string => `${prefix}:access:${id}`;
  const listKey = (person: string): string => `${prefix}:of:${person}`;
  const keys = { signing: signingKey, mac: macKeyFrom(signingKey) };
  const publicKeys = [createPublicKey(signingKey)];
  const finder = {
    redis,
    trailKey: key.trail,
    publicKeys,
    now: clock.now,
    newChain: () => toBase32(randomBytes(10)),
  };
  const queue: Pending[] = [];
  let flushing = false;
  let known: FoundTail | undefined;

  async function locateTail(): Promise<FoundTail> {
    const head = known !== undefined && known.tail.head.seq > 0 ? known.tail.head : await witness.last();
    return findTail(finder, head);
  }

  function submit(drafts: readonly Draft[], change?: Change): Promise<Committed | undefined> {
    return new Promise((settle, fail) => {
      queue.push({ drafts, settle, fail, ...(change === undefined ? {} : { change }) });
      if (!flushing) void flush();
    });
  }

  async function flush(): Promise<void> {
    flushing = true;
    // Writers woken by the same event get the chance to share one call.
    await new Promise((resume) => setImmediate(resume));
    while (queue.length > 0) await commitGroup(takeGroup(queue));
    flushing = false;
  }

  async function commitGroup(group: readonly Pending[]): Promise<void> {
    let rest = group;
    try {
      for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
        known ??= await locateTail();
        const sealed = sealGroup(rest, known.lost, known.tail, keys);
        const [answer, ...conflicts] = await runCommit(sealed, known.tail);
        if (answer === 'ok') {
          known = { tail: sealed.tail, lost: [] };
          await witness.saw(sealed.tail.head);
          for (const [pending, stored] of sealed.outcomes) pending.settle(stored);
          return;
        }
        if (answer === 'tail') {
          known = await locateTail();
        } else {
          const losers = new Set(conflicts.map((index) => sealed.records[Number(index) - 1]?.member));
          for (const loser of losers) loser?.settle('conflict');
          rest = rest.filter((pending) => !losers.has(pending));
          if (rest.length === 0) return;
        }
      }
      throw new LedgerFault('unavailable', 'the trail moved on at every attempt to append to it');
    } catch (error) {
      // Whether the call took effect is unknown: the next one finds out from the trail.
      const fault = error instanceof TypeError ? error : faultFrom(error);
      for (const pending of rest) pending.fail(fault);
    }
  }

  async function runCommit(
    sealed: ReturnType<typeof sealGroup<Pending>>,
    { after }: FoundTail['tail'],
  ): Promise<readonly string[]> {
    const recordKeys = sealed.records.flatMap(({ id, requester }) => [recordKey(id), listKey(requester)]);
    const args = [
      after.id,
      after.hash,
      String(sealed.entryCount),
      ...sealed.entryArgs,
      ...sealed.records.flatMap((each) => each.args),
    ];
    const keyNames = [key.trail, key.unfinished, key.ids, key.recent, key.untold, ...recordKeys];
    const answer = await redis.eval(commitScript, keyNames.length, ...keyNames, ...args);
    return Array.isArray(answer) ? answer.map(String) : [];
  }

  async function evidence({ access, evidence: ids }: Stored): Promise<Evidence> {
    const { id } = access.request;
    const head = (await locateTail()).tail.head;
    const first = ids[0];
    if (first === undefined) return { flaw: 'the record names no entries' };
    const entries: Entry[] = [];
    let before: Head | undefined;
    let unvouched = 0;
    for await (const page of pagesFrom(redis, key.trail, first)) {
      for (const row of page) {
        if (before === undefined ? !isIntact(row) || row.id !== first : !follows(before, row)) {
          return { flaw: `the trail does not verify at ${row.id}` };
        }
        if (row.entry === undefined) return { flaw: `the trail does not verify at ${row.id}` };
        before = row.entry;
        unvouched = isVouched(row, publicKeys) ? 0 : unvouched + 1;
        if (row.entry.access === id) entries.push(row.entry);
      }
    }
    if (before === undefined) return { flaw: 'its entries are not in the trail' };
    if (unvouched > 0) return { flaw: 'the newest entries are not signed' };
    if (before.chain !== head.chain) return { flaw: 'its entries are in a chain that was lost' };
    const present = new Set(entries.map((entry) => idAt(epochOf(first), entry.seq)));
    return ids.every((each) => present.has(each))
      ? { entries }
      : { flaw: 'an entry of the record is not in the trail' };
  }

  const ask = <T>(work: () => Promise<T>): Promise<T> =>
    work().catch((error: unknown) => {
      throw faultFrom(error);
    });

  return {
    async commit(change, entries) {
      const outcome = await submit(entries, change);
      if (outcome === undefined)
        throw new LedgerFault('corrupt', 'a change was committed without its record');
      return outcome;
    },
    async append(entries) {
      if (entries.length > 0) await submit(entries);
    },
    read: (id) =>
      ask(async (): Promise<Read> => readRecord(id, await redis.hgetall(recordKey(id)), keys.mac)),
    evidence: (stored) => ask(() => evidence(stored)),
    unfinished: () => ask(async () => (await redis.smembers(key.unfinished)).filter(isAccessId)),
    of: (person, limit) =>
      ask(async () => (await redis.zrevrange(listKey(person), 0, limit - 1)).filter(isAccessId)),
    untold: () => ask(async () => (await redis.smembers(key.untold)).filter(isAccessId)),
    told: ({ access, version }) =>
      ask(async () => {
        const { id } = access.request;
        await redis.eval(toldScript, 2, key.untold, recordKey(id), String(version), id);
      }),
    find: (start, limit) =>
      ask(async () =>
        (await redis.zrangebylex(key.ids, `[${start}`, `[${start}\xff`, 'LIMIT', 0, limit)).filter(
          isAccessId,
        ),
      ),
    recent: (limit) => ask(async () => (await redis.zrevrange(key.recent, 0, limit - 1)).filter(isAccessId)),
    trail: (after, limit) =>
      ask(async () => {
        const { tail } = await locateTail();
        if (tail.head.seq === 0) return [];
        const rows = await rowsFrom(redis, key.trail, idAt(tail.epoch, after + 1), limit);
        return rows.flatMap(({ entry, sig }) =>
          entry === undefined ? [] : [{ entry, ...(sig === undefined ? {} : { sig }) }],
        );
      }),
    async *dump() {
      try {
        for await (const page of pagesFrom(redis, key.trail, '-')) {
          for (const { text, sig } of page) yield { entry: text, ...(sig === undefined ? {} : { sig }) };
        }
      } catch (error) {
        throw faultFrom(error);
      }
    },
    head: () =>
      ask(async () => {
        const { tail, lost } = await locateTail();
        if (lost.length === 0) return tail.head;
        // Said as soon as it is seen, not only when there is something else to say.
        await submit([]);
        return (await locateTail()).tail.head;
      }),
  };
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

function faultFrom(error: unknown): LedgerFault {
  if (error instanceof LedgerFault) return error;
  return new LedgerFault(
    'unavailable',
    `Redis did not do it: ${error instanceof Error ? error.message : String(error)}`,
    error,
  );
}
