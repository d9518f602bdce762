/** The demo's "production": a Redis with a few orders, which a sandbox reaches by its forward and by nothing else. */
import { type PrivateRedis, startPrivateRedis } from './private-redis.ts';
import type { Warden } from './warden.ts';

const orders = [
  { id: 1001, customer: 'M. Okoye', item: 'desk lamp', euros: 49, state: 'paid' },
  { id: 1002, customer: 'S. Lindqvist', item: 'bookshelf', euros: 189, state: 'payment failed' },
  { id: 1003, customer: 'J. Moreau', item: 'armchair', euros: 320, state: 'paid' },
] as const;

export async function startProduction(dir: string, warden: Warden): Promise<PrivateRedis> {
  const redis = await startPrivateRedis(dir, warden, 'production');
  for (const { id, ...order } of orders) await redis.client.hset(`order:${id}`, order);
  // Its name says "read only", and a visitor tries.
  await redis.client.acl('SETUSER', 'default', '-@all', '+@read', '+@connection');
  return redis;
}
