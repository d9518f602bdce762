/** The ledger in Redis: records, indices and the trail, moved together by one Lua call. */
import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import type { Entry, Head } from '../../domain/audit.ts';
import { mustBeNewest } from '../../domain/changes.ts';
import { type AccessId, isAccessId, toBase32 } from '../../domain/ids.ts';
import { deriveKey } from '../../domain/keys.ts';
import type { Clock } from '../../ports/clock.ts';
import { type Evidence, type Ledger, LedgerFault, type Read, type Stored } from '../../ports/ledger.ts';
import type { Witness } from '../../ports/witness.ts';
import { commitScript, toldScript } from './commit-script.ts';
import type { Connection } from './connect.ts';
import { type FoundTail, findTail } from './find-tail.ts';
import { again, followTrail } from './follow-trail.ts';
import { groupCommit, type Pending } from './group-commit.ts';
import { readRecord } from './records.ts';
import type { SealedGroup } from './seal-group.ts';
import { epochOf, follows, idAt, isIntact, isVouched, pagesFrom, rowsFrom } from './trail.ts';

/** What one reading leaves open, the next tells; a trail that was cut off leaves it open for good. */
const attemptsMax = 20;

export type RedisLedgerDeps = {
  readonly redis: Connection;
  readonly signingKey: KeyObject;
  readonly clock: Pick<Clock, 'now'>;
  /** What remembers the trail's head across restarts of this process. */
  readonly witness: Witness;
  /** Key prefix with its hash tag. */
  readonly prefix?: string;
};

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
  const openKey = (person: string): string => `${prefix}:open:${person}`;
  const keys = { signing: signingKey, mac: deriveKey(signingKey, 'record-mac') };
  const publicKeys = [createPublicKey(signingKey)];
  const finder = {
    redis,
    trailKey: key.trail,
    publicKeys,
    now: clock.now,
    newChain: () => toBase32(randomBytes(10)),
  };
  /** The head that Redis confirmed last, or that was read and verified since. */
  let proven: Head | undefined;
  const locateTail = async (): Promise<FoundTail> => findTail(finder, proven ?? (await witness.last()));
  const follower = followTrail({
    redis,
    trailKey: key.trail,
    publicKeys,
    chain: async () => (await locateTail()).tail.head.chain,
    saw: (head) => {
      if (proven === undefined || (proven.chain === head.chain && proven.seq < head.seq)) proven = head;
    },
  });
  const submit = groupCommit({
    keys,
    locate: locateTail,
    send: runCommit,
    saw: async ({ tail: { head }, written }, { after }) => {
      if (head.seq > 0) proven = head;
      follower.wrote(after.id, written);
      await witness.saw(head);
    },
    isOutrun: ({ chain, seq }) => proven !== undefined && proven.chain === chain && proven.seq > seq,
    faultFrom: (error) => (error instanceof TypeError ? error : faultFrom(error)),
  });

  async function runCommit(
    sealed: SealedGroup<Pending>,
    { after }: FoundTail['tail'],
  ): Promise<readonly string[]> {
    const recordKeys = sealed.records.flatMap(({ id, requester }) => [
      recordKey(id),
      listKey(requester),
      openKey(requester),
    ]);
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

  async function read(id: AccessId): Promise<Read> {
    for (let attempt = 0; ; attempt += 1) {
      const { fields, upTo } = await follower.readBeside(recordKey(id));
      const record = readRecord(id, fields, keys.mac);
      if (typeof record === 'string' || !mustBeNewest(record.access)) return record;
      const says = await follower.staleness(id, record.evidence, upTo);
      if (says === undefined) return record;
      if (says !== again || attempt === attemptsMax) return { outdated: record, says };
    }
  }

  async function newest(id: AccessId): Promise<string | undefined> {
    const { tail } = await locateTail();
    if (tail.head.seq === 0) return undefined;
    await follower.readBeside(recordKey(id));
    return follower.newest(id, idAt(tail.epoch, 1));
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
    read: (id) => ask(() => read(id)),
    newest: (id) => ask(() => newest(id)),
    evidence: (stored) => ask(() => evidence(stored)),
    unfinished: () =>
      ask(async () => {
        const named = (await redis.smembers(key.unfinished)).filter(isAccessId);
        // Whoever can write to Redis can take a name out.
        return [...new Set([...named, ...follower.unfinished()])];
      }),
    unfinishedOf: (person) =>
      ask(async () => {
        const members = await redis.zrevrange(openKey(person), 0, -1);
        return members.flatMap((member) => {
          const [id = '', target = ''] = member.split(' ');
          return isAccessId(id) ? [{ id, target }] : [];
        });
      }),
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

function faultFrom(error: unknown): LedgerFault {
  if (error instanceof LedgerFault) return error;
  return new LedgerFault(
    'unavailable',
    `Redis did not do it: ${error instanceof Error ? error.message : String(error)}`,
    error,
  );
}
