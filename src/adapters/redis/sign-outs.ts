/**
 * When people last signed out: one key for each person, which goes by itself. It carries no MAC, for whoever can write
 * to Redis gains nothing by one that is made up, and could remove one that is proved as well.
 */
import { type SignOuts, SignOutsFault } from '../../ports/sign-outs.ts';
import type { Connection } from './connect.ts';

/** Neither the time nor the end of a mark moves back. What is there and is none of ours gives way. */
const markScript = `
local at, keep = tonumber(ARGV[1]), tonumber(ARGV[2])
if redis.call('TYPE', KEYS[1]).ok == 'string' then
  local before = redis.call('GET', KEYS[1])
  if string.match(before, '^[0-9]+$') then
    at = math.max(at, tonumber(before))
    keep = math.max(keep, redis.call('PTTL', KEYS[1]))
  end
end
redis.call('SET', KEYS[1], string.format('%.0f', at), 'PX', string.format('%.0f', keep))
return 1`;

export function redisSignOuts(redis: Connection, prefix = '{prod-access}'): SignOuts {
  const key = (person: string): string => `${prefix}:signed-out:${person}`;
  const ask = <T>(work: () => Promise<T>): Promise<T> =>
    work().catch((error: unknown) => {
      const said = error instanceof Error ? error.message : String(error);
      throw new SignOutsFault('unavailable', `Redis did not do it: ${said}`, error);
    });
  return {
    mark: (person, at, keepMs) =>
      ask(async () => {
        await redis.eval(markScript, 1, key(person), String(at), String(keepMs));
      }),
    last: async (person) => {
      const text = await ask(() => redis.get(key(person)));
      if (text === null) return undefined;
      if (!/^[0-9]{1,15}$/.test(text))
        throw new SignOutsFault('corrupt', `the mark of ${person} in Redis is none of ours`);
      return Number(text);
    },
  };
}
