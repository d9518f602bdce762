/**
 * Openings of connections of which the ledger never said that it holds them. They were refused, but a write whose
 * answer was lost stands in the trail all the same: each that does gets its end there, once the ledger answers.
 */
import { bot } from '../domain/audit.ts';
import { isoTime } from '../domain/duration.ts';
import type { Connection } from '../ports/brokers.ts';
import type { Stored } from '../ports/ledger.ts';
import type { Flow } from './deps.ts';
import { openConnections } from './open-connections.ts';

type Deps = Pick<Flow, 'ledger' | 'clock' | 'log'>;

export type UnsureOpenings = {
  add(connection: Connection): void;
  /** Rejects where the ledger does not answer; then it is for the next call. */
  settle(): Promise<void>;
  /** Tries until it is done, or until it is given up. Resolves after the first try; never rejects. */
  settleInTheEnd(giveUp: AbortSignal): Promise<void>;
};

/** A write that was not answered is carried out by then, or never. */
const lateMs = 60_000;
/** So that an outage and a sandbox that keeps knocking take no memory; the oldest are given up. */
const most = 10_000;
const againAfterMs = 2_000;

export function unsureOpenings(deps: Deps, stored: Stored): UnsureOpenings {
  const { ledger, clock, log } = deps;
  const { id, target } = stored.access.request;
  const unsure = new Map<string, number>();

  const settle = async (): Promise<void> => {
    if (unsure.size === 0) return;
    const now = clock.now();
    const evidence = await ledger.evidence(stored);
    if (!('entries' in evidence)) return;
    const held = openConnections(evidence.entries).filter(({ details }) =>
      unsure.has(String(details.connection)),
    );
    await ledger.append(
      held.map(({ details }) => ({
        at: isoTime(clock.now()),
        action: 'connection.closed' as const,
        access: id,
        actor: bot,
        target,
        details: { ...details, bytes_out: 0, bytes_in: 0, seconds: 0, why: neverOpened },
      })),
    );
    for (const { details } of held) unsure.delete(String(details.connection));
    for (const [connection, at] of unsure) if (at + lateMs <= now) unsure.delete(connection);
  };

  const isSettled = async (): Promise<boolean> => {
    try {
      await settle();
      return true;
    } catch (error) {
      log.warn({ access: id, err: error }, 'the ends of refused connections are not on the record yet');
      return false;
    }
  };

  return {
    add: ({ id: connection }) => {
      unsure.set(connection, clock.now());
      const [oldest] = unsure.keys();
      if (unsure.size > most && oldest !== undefined) unsure.delete(oldest);
    },
    settle,
    settleInTheEnd: async (giveUp) => {
      if (await isSettled()) return;
      void (async () => {
        while (!giveUp.aborted) {
          await clock.sleep(againAfterMs, giveUp).catch(() => {});
          if (await isSettled()) return;
        }
      })();
    },
  };
}

const neverOpened = 'the answer to its recording was lost, so never opened';
