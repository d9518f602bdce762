/** Whether the signed trail proves what a record claims. Asked before anything is granted, moved or opened anew. */
import { unproven } from '../domain/evidence.ts';
import type { Stored } from '../ports/ledger.ts';
import { raiseForged } from './advance.ts';
import type { Flow } from './deps.ts';

/** Returns why the record is not proven, having raised the alarm, or undefined where it is. */
export async function flawOf(
  deps: Pick<Flow, 'ledger' | 'clock' | 'log'>,
  stored: Stored,
): Promise<string | undefined> {
  const evidence = await deps.ledger.evidence(stored);
  const flaw = 'flaw' in evidence ? evidence.flaw : unproven(stored.access, evidence.entries);
  if (flaw !== undefined) await raiseForged(deps, stored.access.request.id, flaw);
  return flaw;
}
