/** Remembers what was already taken in, so that a captured request that is sent again does nothing. */
import { createHash } from 'node:crypto';
import type { Connection } from './connect.ts';

/** Twice the five minutes for which a signature is good, for clocks that differ. */
const rememberSeconds = 600;

/** True for the first caller with this token, false for every later one. Throws where Redis cannot say. */
export type Once = (token: string) => Promise<boolean>;

export function redisOnce(redis: Connection, prefix = '{prod-access}'): Once {
  return async (token) => {
    const key = `${prefix}:seen:${createHash('sha256').update(token).digest('hex')}`;
    return (await redis.set(key, '1', 'EX', rememberSeconds, 'NX')) !== null;
  };
}
