/** Ledger commits by 64 writers, against 64 writers that do MULTI HSET XADD of the same bytes. One Redis, everysec. */
import { connectRedis, hangUp } from '../src/adapters/redis/connect.ts';
import { redisLedger } from '../src/adapters/redis/ledger.ts';
import { systemClock } from '../src/adapters/system-clock.ts';
import { newSigningKey, waitingAccess } from '../test/support/builders.ts';
import { startRedisServer } from '../test/support/redis-server.ts';
import { type Figure, percentile } from './figures.ts';

const writers = 64;
const perWriter = 100;
const rounds = 5;

export async function benchLedger(): Promise<readonly Figure[]> {
  await using server = await startRedisServer();
  const redis = connectRedis(server.url, 'prompt');
  const witness = { last: async () => undefined, saw: async () => {} };
  const ledger = redisLedger({ redis, signingKey: newSigningKey(), clock: systemClock, witness });

  const sample = waitingAccess();
  await ledger.commit({ next: sample.next }, sample.entries);
  const row = await redis.hgetall(`{prod-access}:access:${sample.next.request.id}`);
  const [, fields] = (await redis.xrange('{prod-access}:audit', '-', '+'))[0] ?? ['', []];
  const bare = async (index: number): Promise<void> => {
    await redis
      .multi()
      .hset(`bench:${index}`, row)
      .xadd('bench:stream', '*', ...fields)
      .exec();
  };
  // Made before the clock runs: the baseline's bytes are ready-made too.
  const ours: number[] = [];
  const baseline: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const ready = Array.from({ length: writers * perWriter }, () => waitingAccess());
    const ourRate = await timed(async (index) => {
      const { next, entries } = ready[index] ?? sample;
      await ledger.commit({ next }, entries);
    });
    const bareRate = await timed(bare);
    // The first round warms up.
    if (round === 0) continue;
    ours.push(ourRate);
    baseline.push(bareRate);
  }
  hangUp(redis);
  return [
    {
      what: 'ledger commits by 64 writers',
      ours: percentile(ours, 50),
      baseline: percentile(baseline, 50),
      unit: '/s',
      aim: 'at least 0.5',
    },
  ];
}

/** Commits per second of all writers together. */
async function timed(work: (index: number) => Promise<void>): Promise<number> {
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let index = 0; index < perWriter; index += 1) await work(writer * perWriter + index);
    }),
  );
  return (writers * perWriter) / ((performance.now() - begun) / 1_000);
}
