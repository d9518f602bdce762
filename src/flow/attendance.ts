/**
 * Notices within a quarter of a second that an access is no longer active, wherever it was ended: what is open for it
 * in this process must close then. The end by the clock needs nobody's word.
 */
import type { Access } from '../domain/access.ts';
import type { AccessId } from '../domain/ids.ts';
import { isStored } from '../ports/ledger.ts';
import type { Flow } from './deps.ts';

type Deps = Pick<Flow, 'ledger' | 'clock' | 'log'>;

/** An early end must be felt within a second. */
const lookEveryMs = 250;

export type Attendance = {
  /** Resolves with the reason once the access is no longer active. All who ask about one access share one look. */
  over(access: AccessId): Promise<string>;
  /** Why it is not active now, or undefined where it is, or where that cannot be told. */
  now(access: AccessId): Promise<string | undefined>;
};

export function makeAttendance(deps: Deps, signal: AbortSignal): Attendance {
  const watched = new Map<AccessId, Promise<string>>();
  return {
    now: async (access) => (await look(deps, access)).why,
    over: (access) => {
      const known = watched.get(access);
      if (known !== undefined) return known;
      const over = untilOver(deps, access, signal).finally(() => watched.delete(access));
      watched.set(access, over);
      return over;
    },
  };
}

async function untilOver(deps: Deps, id: AccessId, signal: AbortSignal): Promise<string> {
  let endsAt = Number.POSITIVE_INFINITY;
  while (!signal.aborted) {
    const seen = await lookUntil(deps, id, endsAt);
    if (seen.why !== undefined) return seen.why;
    // Where the ledger is away, the end that it told last still comes.
    endsAt = seen.endsAt ?? endsAt;
    const left = endsAt - deps.clock.now();
    if (left <= 0) return timeIsUp;
    await deps.clock.sleep(Math.min(lookEveryMs, left), signal).catch(() => {});
  }
  return 'the bot is stopping';
}

const timeIsUp = 'its time is up';
/** Longer than a ledger that is reached takes to answer or to give up. */
const longestLookMs = 60_000;

type Seen = { readonly why?: string; readonly endsAt?: number };

/** A ledger that hangs does not put off the end; one that is about to tell of a later end has a moment to do so. */
async function lookUntil(deps: Deps, id: AccessId, endsAt: number): Promise<Seen> {
  const left = Math.max(endsAt - deps.clock.now(), lookEveryMs);
  const seen = new AbortController();
  const late = deps.clock.sleep(Math.min(left, longestLookMs), seen.signal).then(
    () => ({}),
    () => ({}),
  );
  try {
    return await Promise.race([look(deps, id), late]);
  } finally {
    seen.abort();
  }
}

async function look({ ledger, clock, log }: Deps, id: AccessId): Promise<Seen> {
  try {
    const read = await ledger.read(id);
    if (!isStored(read)) return { why: 'the record of this access is gone or was altered' };
    if (read.access.state !== 'active') return { why: endWords(read.access) };
    const { endsAt } = read.access;
    return endsAt <= clock.now() ? { why: timeIsUp } : { endsAt };
  } catch (error) {
    log.debug({ access: id, err: error }, 'could not look whether an access is still active');
    return {};
  }
}

function endWords(access: Access): string {
  if (access.state !== 'revoking' && access.state !== 'revoked') return `the access is ${access.state}`;
  const { cause } = access;
  switch (cause.kind) {
    case 'end':
      return timeIsUp;
    case 'done':
      return 'its requester is done';
    case 'revoked':
      return `${cause.by.name} revoked it${cause.why === undefined ? '' : `: ${cause.why}`}`;
    case 'failed':
      return `it could not be kept: ${cause.why}`;
  }
}
