/**
 * What goes on without anybody asking: sweeps, the queue's heartbeat, and the audit channel. Each loop outlives its
 * failures; the process is given up only where Redis answers and the queue does not.
 */
import type { Counter } from 'prom-client';
import type { Flow } from './flow/deps.ts';
import { endOrphans } from './flow/end-session.ts';
import { projectTrail } from './flow/project-trail.ts';
import { type Misses, sweepLedger, sweepWorld } from './flow/sweep.ts';

const sweepLedgerEveryMs = 5_000;
const sweepWorldEveryMs = 60_000;
const endOrphansEveryMs = 60_000;
const beatEveryMs = 5_000;
const beatLateMs = 30_000;

export type BackgroundDeps = {
  readonly flow: Flow;
  /** Sends a heartbeat through the queue; it comes back as {@link Background.beat}. */
  readonly sendBeat: () => Promise<void>;
  /** Whether Redis answers now. */
  readonly ping: () => Promise<boolean>;
  readonly sweeps: Counter<'kind' | 'outcome'>;
  /** Looks for active accesses without a broker. */
  readonly sweepBrokers: () => Promise<void>;
};

export type Background = AsyncDisposable & {
  /** The queue gave a sign of life. */
  beat(): void;
  queueAlive(): boolean;
  /** Resolves with the reason when the process should end for its supervisor to start it anew. */
  readonly mustRestart: Promise<string>;
};

export function startBackground({ flow, sendBeat, ping, sweeps, sweepBrokers }: BackgroundDeps): Background {
  const { clock, ledger, log } = flow;
  const closing = new AbortController();
  const { promise: mustRestart, resolve: restart } = Promise.withResolvers<string>();
  const misses: Misses = new Map();
  let beatAt = clock.now();
  let knownChain: string | undefined;

  const sweep = async (kind: 'ledger' | 'world', work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      sweeps.inc({ kind, outcome: 'done' });
    } catch (error) {
      sweeps.inc({ kind, outcome: 'failed' });
      log.warn({ err: error, kind }, 'a sweep failed; the next one tries again');
    }
  };

  const sweepKnown = async (): Promise<void> => {
    await sweep('ledger', () => sweepLedger(flow, misses));
    const chain = await ledger.head().then(
      (head) => head.chain,
      () => knownChain,
    );
    // A ledger that was lost knows nothing of what still stands: look at once, not at the next turn.
    if (knownChain !== undefined && chain !== knownChain)
      await sweep('world', () => sweepWorld(flow, misses));
    knownChain = chain;
  };

  const watchQueue = async (): Promise<void> => {
    await sendBeat().catch(() => {});
    if (!(await ping())) beatAt = Math.max(beatAt, clock.now() - beatEveryMs);
    else if (clock.now() - beatAt > beatLateMs)
      restart('the queue gave no sign of life for 30 s although Redis answers');
  };

  const tellChannel = async (): Promise<void> => {
    const wake = (signal: AbortSignal): Promise<void> => clock.sleep(250, signal).catch(() => {});
    await projectTrail(flow, closing.signal, wake).catch((error: unknown) =>
      log.warn({ err: error }, 'the audit channel is behind; trying again'),
    );
  };

  const carryOn = async (): Promise<void> => {
    await sweepBrokers().catch((error: unknown) =>
      log.warn({ err: error }, 'could not look for accesses without a broker; trying again'),
    );
  };

  const endDead = async (): Promise<void> => {
    await endOrphans(flow).catch((error: unknown) =>
      log.warn({ err: error }, 'a recording that was left open could not be closed; trying again'),
    );
  };

  /** Runs `work` at once and then `everyMs` after it ended, until closing. */
  const repeat = async (everyMs: number, work: () => Promise<void>): Promise<void> => {
    while (!closing.signal.aborted) {
      await work();
      await clock.sleep(everyMs, closing.signal).catch(() => {});
    }
  };

  const loops = [
    repeat(sweepLedgerEveryMs, sweepKnown),
    repeat(sweepWorldEveryMs, () => sweep('world', () => sweepWorld(flow, misses))),
    repeat(sweepLedgerEveryMs, carryOn),
    repeat(endOrphansEveryMs, endDead),
    repeat(beatEveryMs, watchQueue),
    repeat(1_000, tellChannel),
  ];
  return {
    beat: () => {
      beatAt = clock.now();
    },
    queueAlive: () => clock.now() - beatAt < beatLateMs,
    mustRestart,
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      // What hangs in a call to Slack or AWS is made good by the next start.
      await Promise.race([Promise.allSettled(loops), clock.sleep(2_000)]);
    },
  };
}
