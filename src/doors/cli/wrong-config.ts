/** The configuration does not do for this verb: reported whole, exit code 78. */
import {
  type Config,
  type ConfigProblems,
  configProblemsText,
  type LedgerConfig,
  readConfig,
} from '../../config.ts';
import type { CliDeps, CliStore } from './deps.ts';

export class WrongConfig extends Error {
  override readonly name = 'WrongConfig';
}

/** Reads what serving needs, or throws {@link WrongConfig}. */
export function serveConfig({ env }: Pick<CliDeps, 'env'>): Config {
  return orThrow(readConfig(env));
}

/** Opens the ledger for the time of `work`. */
export async function withStore<T>(
  deps: Pick<CliDeps, 'env' | 'openStore'>,
  work: (store: CliStore, config: LedgerConfig) => Promise<T>,
): Promise<T> {
  const config = orThrow(readConfig(deps.env, { needs: 'offline' }));
  await using store = await deps.openStore(config);
  return await work(store, config);
}

function orThrow<T extends object>(config: T | ConfigProblems): T {
  if ('problems' in config) throw new WrongConfig(configProblemsText(config));
  return config;
}
