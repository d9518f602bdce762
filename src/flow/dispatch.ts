/**
 * Starts what an access is owed. A failure here is healed by the sweep, which derives the same list again: so whoever
 * committed a decision need not wait for this.
 */
import { owed } from '../domain/owed.ts';
import type { Stored } from '../ports/ledger.ts';
import type { Flow } from './deps.ts';

export async function dispatch(
  deps: Pick<Flow, 'timers' | 'log'>,
  { access, version }: Stored,
): Promise<void> {
  const timers = owed(access).map(({ effect, at }) => ({ access: access.request.id, effect, version, at }));
  try {
    await deps.timers.schedule(timers);
  } catch (error) {
    deps.log.warn({ access: access.request.id, err: error }, 'could not schedule; the sweep will');
  }
}
