/** Timers as BullMQ jobs. The delay is counted by this host's clock. */
import { type ConnectionOptions, Queue } from 'bullmq';
import type { Clock } from '../../ports/clock.ts';
import type { Timers } from '../../ports/timers.ts';

import { type JobData, jobOptions, queueNames, queueOf, queuePrefix } from './queues.ts';

export type QueueTimers = Timers & AsyncDisposable & { beat(): Promise<void> };

export function queueTimers(
  redis: ConnectionOptions,
  clock: Pick<Clock, 'now'>,
  prefix = queuePrefix,
): QueueTimers {
  const queues = Object.fromEntries(
    queueNames.map((name) => [name, new Queue<JobData>(name, { connection: redis, prefix })]),
  );
  for (const queue of Object.values(queues)) queue.on('error', () => {});
  return {
    schedule: async (timers) => {
      const now = clock.now();
      await Promise.all(
        timers.map(async (timer) => {
          const { access, version, effect } = timer;
          await queues[queueOf[effect]]?.add(effect, { access, version }, jobOptions(timer, now));
        }),
      );
    },
    beat: async () => {
      await queues.end?.add(
        'beat',
        { access: '', version: 0 },
        { removeOnComplete: true, removeOnFail: true },
      );
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(Object.values(queues).map((queue) => queue.close().catch(() => {})));
    },
  };
}
