/**
 * Which effect waits in which queue. Three queues, so that a slow opening or a slow Slack never stands before an end.
 */
import type { JobsOptions } from 'bullmq';
import type { Effect } from '../../domain/owed.ts';
import type { Timer } from '../../ports/timers.ts';

export const queueNames = ['open', 'end', 'tell'] as const;
export type QueueName = (typeof queueNames)[number];

export const queueOf: Readonly<Record<Effect, QueueName>> = {
  provision: 'open',
  revoke: 'end',
  lapse: 'end',
  warn: 'end',
  notify: 'tell',
};

export const queuePrefix = '{prod-access}:queue';

/** Clear text in Redis: an id and a version, nothing else. */
export type JobData = { readonly access: string; readonly version: number };

/**
 * One job per access, effect and version: adding it twice is once. It is removed when done or failed, for a kept job's
 * id would make a later `add` do nothing, silently. Custom ids may hold no colon.
 */
export function jobOptions({ access, effect, version, at }: Timer, now: number): JobsOptions {
  return {
    jobId: `${effect}-${access}-${version}`,
    delay: Math.max(0, at - now),
    attempts: 1_000_000,
    backoff: { type: 'patient' },
    removeOnComplete: true,
    removeOnFail: true,
  };
}
