/**
 * Runs a command in a standing sandbox. For the probe and for tests only: it is unrecorded, so it must never become a
 * verb for people; they get a terminal, whose recording starts before its first byte.
 */
import type { AccessId } from '../../../domain/ids.ts';
import { type Answer, callOnce } from './call.ts';
import { type LocalOptions, machineFrom, placeOf } from './machine.ts';
import { mustStand } from './standing.ts';

/** `code` is 137 for what was killed, also for time. Output is cut at a million characters each. */
export async function runInside(
  options: LocalOptions,
  access: AccessId,
  argv: readonly string[],
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<Answer> {
  const machine = machineFrom(options);
  const { gid } = mustStand(machine, access);
  return await callOnce(placeOf(machine, access), gid, argv, { timeoutMs });
}
