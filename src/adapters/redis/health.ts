/** What must be true of a Redis before the bot relies on it. */
import type { Connection } from './connect.ts';

export type RedisFinding = {
  readonly check: string;
  readonly ok: boolean;
  readonly says: string;
  readonly remedy?: string;
};

/** Clock difference to Redis beyond which jobs and lapses would come at the wrong time. */
const skewMaxMs = 2_000;

export async function checkRedis(
  redis: Connection,
  options: { readonly acceptLastSecond: boolean; readonly now: () => number },
): Promise<readonly RedisFinding[]> {
  const evict = await setting(redis, 'maxmemory-policy');
  const aof = await setting(redis, 'appendonly');
  const before = options.now();
  const [seconds, micros] = await redis.time();
  const skew = Math.round(
    Math.abs(Number(seconds) * 1_000 + Number(micros) / 1_000 - (before + options.now()) / 2),
  );
  return [
    {
      check: 'Redis keeps everything',
      ok: evict === 'noeviction',
      says: `maxmemory-policy is ${evict ?? 'not readable'}`,
      remedy:
        'set maxmemory-policy to noeviction: any other value drops accesses and jobs when memory is short',
    },
    {
      check: 'Redis writes to disk',
      ok: aof === 'yes' || options.acceptLastSecond,
      says: `appendonly is ${aof ?? 'not readable'}`,
      remedy:
        'set appendonly to yes, or PROD_ACCESS_REDIS_LOSS=accept-last-second where losing the newest writes is acceptable',
    },
    {
      check: 'clocks agree',
      ok: skew <= skewMaxMs,
      says: `this host and Redis differ by ${skew} ms`,
      remedy: `run NTP on both: they must agree within ${skewMaxMs} ms`,
    },
  ];
}

async function setting(redis: Connection, name: string): Promise<string | undefined> {
  try {
    const answer = await redis.config('GET', name);
    return Array.isArray(answer) ? String(answer[1]) : undefined;
  } catch {
    return undefined;
  }
}
