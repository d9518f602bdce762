/** Where the messages of an access stand in Slack: one hash per access. A view of the ledger, never a source of authority. */
import type { AccessId } from '../../domain/ids.ts';
import type { Connection } from './connect.ts';

export type RedisNoticeStore = {
  all(access: AccessId): Promise<Record<string, string>>;
  claim(access: AccessId, field: string, value: string): Promise<boolean>;
  set(access: AccessId, field: string, value: string): Promise<void>;
};

export function redisNoticeStore(redis: Connection, prefix = '{prod-access}'): RedisNoticeStore {
  const key = (access: AccessId): string => `${prefix}:notices:${access}`;
  return {
    all: (access) => redis.hgetall(key(access)),
    claim: async (access, field, value) => (await redis.hsetnx(key(access), field, value)) === 1,
    set: async (access, field, value) => {
      await redis.hset(key(access), field, value);
    },
  };
}
