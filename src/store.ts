/** The part of the app that needs only Redis and the signing key: what the command line's offline verbs run on. */
import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { fileWitness } from './adapters/files/witness-file.ts';
import { type Connection, connectRedis, hangUp } from './adapters/redis/connect.ts';
import { redisLeases } from './adapters/redis/leases.ts';
import { redisLedger } from './adapters/redis/ledger.ts';
import { systemClock } from './adapters/system-clock.ts';
import type { LedgerConfig } from './config.ts';
import { type Head, installOf } from './domain/audit.ts';
import type { Leases } from './ports/lease.ts';
import type { Ledger } from './ports/ledger.ts';

export type Store = AsyncDisposable & {
  readonly redis: Connection;
  readonly ledger: Ledger;
  readonly leases: Leases;
  readonly install: string;
};

export function openStore(config: LedgerConfig, furtherWitness?: () => Promise<Head | undefined>): Store {
  const redis = connectRedis(config.redis.url, 'prompt');
  const witness = fileWitness(join(config.dataDir, 'witness.json'), furtherWitness);
  return {
    redis,
    ledger: redisLedger({ redis, signingKey: config.signingKey, clock: systemClock, witness }),
    leases: redisLeases(redis),
    install: installOf(createPublicKey(config.signingKey)),
    [Symbol.asyncDispose]: async () => {
      await witness[Symbol.asyncDispose]();
      hangUp(redis);
    },
  };
}
