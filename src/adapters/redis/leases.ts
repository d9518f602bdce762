/** Leases in Redis: SET NX with a time to live, renewed while the work goes on. */
import { randomBytes } from 'node:crypto';
import type { Leases } from '../../ports/lease.ts';
import type { Connection } from './connect.ts';

const ttlMs = 5_000;
const renewEveryMs = 1_500;

const renewScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) else return 0 end`;
const releaseScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end`;

export function redisLeases(redis: Connection, prefix = '{prod-access}'): Leases {
  return {
    during: async (name, work) => {
      const key = `${prefix}:lease:${name}`;
      const token = randomBytes(12).toString('hex');
      if ((await redis.set(key, token, 'PX', ttlMs, 'NX')) === null) return undefined;
      const lost = new AbortController();
      let renewedAt = Date.now();
      const renew = async (): Promise<void> => {
        const kept = await redis.eval(renewScript, 1, key, token, String(ttlMs)).catch(() => 'unknown');
        if (kept === 1) renewedAt = Date.now();
        else if (kept !== 'unknown' || Date.now() - renewedAt > ttlMs)
          lost.abort(new Error(`the lease ${name} was lost`));
      };
      const timer = setInterval(() => void renew(), renewEveryMs);
      try {
        return await work(lost.signal);
      } finally {
        clearInterval(timer);
        await redis.eval(releaseScript, 1, key, token).catch(() => {});
      }
    },
  };
}
