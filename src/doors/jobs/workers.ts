/**
 * Jobs come in here. A job is a hint: the effect re-reads the ledger and does what that calls for. A failure is tried
 * again for ever, with patience.
 */
import { type ConnectionOptions, type Job, Worker } from 'bullmq';
import { z } from 'zod';
import { isAccessId } from '../../domain/ids.ts';
import { effects } from '../../domain/owed.ts';
import type { Flow } from '../../flow/deps.ts';
import { pauseAfter, runEffect } from '../../flow/run-effect.ts';

const jobSchema = z.object({
  name: z.enum(effects),
  data: z.object({ access: z.string(), version: z.int() }),
});

export type WorkersOptions = {
  readonly queues: readonly (keyof typeof concurrency)[];
  readonly prefix: string;
  /** Makes a connection that waits for Redis as workers must. */
  readonly connect: () => ConnectionOptions;
  readonly onBeat: () => Promise<void>;
};

/** Jobs at once. Grants and sandboxes wait for others; words are limited by Slack to about one a second anyway. */
const concurrency = { open: 20, end: 20, tell: 5 } as const;

/** Somebody else is at it: look again soon. */
class Busy extends Error {
  override readonly name = 'Busy';
}

export function startWorkers(flow: Flow, options: WorkersOptions): AsyncDisposable {
  const workers = options.queues.map(
    (queue) =>
      new Worker(queue, (job) => work(flow, job, options), {
        connection: options.connect(),
        prefix: options.prefix,
        concurrency: concurrency[queue],
        // After a kill a job is taken up again within about six seconds.
        lockDuration: 5_000,
        stalledInterval: 2_000,
        maxStalledCount: 1_000,
        settings: { backoffStrategy: (_attempts, _type, error, job) => pause(flow, error, job) },
      }),
  );
  for (const worker of workers)
    worker.on('error', (error) => flow.log.debug({ err: error }, 'a worker lost Redis; it waits'));
  return {
    [Symbol.asyncDispose]: async () => {
      await Promise.all(workers.map((worker) => worker.close(true).catch(() => {})));
    },
  };
}

async function work(flow: Flow, job: Job, { onBeat }: WorkersOptions): Promise<void> {
  if (job.name === 'beat') return onBeat();
  const parsed = jobSchema.safeParse({ name: job.name, data: job.data });
  if (!parsed.success || !isAccessId(parsed.data.data.access)) {
    flow.log.warn({ job: job.id }, 'a job that is none of ours was dropped');
    return;
  }
  try {
    const outcome = await runEffect(flow, parsed.data.name, parsed.data.data.access);
    if (outcome === 'busy') throw new Busy('somebody else is at it');
  } catch (error) {
    if (!(error instanceof Busy)) flow.log.warn({ job: job.id, err: error }, 'a job failed; trying again');
    throw error;
  }
}

/** Words are tried more often than once a minute: once Slack is back, people are told within half a minute. */
const wordsAtMostMs = 15_000;

function pause(flow: Flow, error: Error | undefined, job: RetriedJob | undefined): number {
  if (error instanceof Busy) return 400;
  const due = (job?.timestamp ?? flow.clock.now()) + (job?.opts.delay ?? 0);
  const ms = pauseAfter(Math.max(0, flow.clock.now() - due), Math.random);
  return job?.name === 'notify' ? Math.min(ms, wordsAtMostMs) : ms;
}

type RetriedJob = { name: string; timestamp: number; opts: { delay?: number } };
