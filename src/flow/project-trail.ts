/**
 * Tells the trail to the audit channel: in order, each entry once in effect. One holder of a lease at a time; whoever
 * takes it reads back what the channel already carries, so that nothing is repeated or left out after a crash.
 */
import type { Head } from '../domain/audit.ts';
import type { Flow } from './deps.ts';

type Deps = Pick<Flow, 'ledger' | 'channel' | 'leases' | 'clock' | 'log'>;

const pageSize = 200;

/**
 * Holds the lease and projects until `signal` aborts or the lease is lost. `wake` resolves when there may be more.
 * Returns `busy` at once where another bot does it.
 */
export async function projectTrail(
  deps: Deps,
  signal: AbortSignal,
  wake: (signal: AbortSignal) => Promise<void>,
): Promise<'done' | 'busy'> {
  const outcome = await deps.leases.during('channel', async (held) => {
    const until = AbortSignal.any([signal, held]);
    let cursor = await deps.channel.last();
    while (!until.aborted) {
      cursor = await projectOnce(deps, cursor, until);
      await wake(until);
    }
    return 'done' as const;
  });
  return outcome ?? 'busy';
}

/** Posts everything after `cursor`; a cursor of another chain starts the present one from its beginning. */
export async function projectOnce(
  deps: Deps,
  cursor: Head | undefined,
  signal: AbortSignal,
): Promise<Head | undefined> {
  const { chain } = await deps.ledger.head();
  let at = cursor?.chain === chain ? cursor : undefined;
  while (!signal.aborted) {
    const page = await deps.ledger.trail(at?.seq ?? 0, pageSize);
    const last = page.at(-1)?.entry;
    if (last === undefined) return at ?? cursor;
    await deps.channel.post(page.map(({ entry }) => entry));
    at = { chain: last.chain, seq: last.seq, hash: last.hash };
  }
  return at ?? cursor;
}
