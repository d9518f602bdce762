/** A sandbox as the port tells of it: from its state on disk, or from what else is left of one. */
import type { FoundSandbox, LimitsHeldBy, Sandbox, SandboxLabels } from '../../ports/sandboxes.ts';
import type { Place } from './local/machine.ts';
import { readDeadline, type State } from './local/state.ts';

export function sandboxFrom(driver: string, place: Place, state: State): Sandbox {
  const { labels, gid, limitsHeldBy, checks } = state;
  const sockets = { dir: place.sockets, gid };
  return { labels, deadline: readDeadline(place), driver, sockets, limitsHeldBy, checks };
}

/** Nobody inside may connect: what lost its state gets no way out. */
export function sandboxWithoutState(
  driver: string,
  place: Place,
  labels: SandboxLabels,
  limitsHeldBy: LimitsHeldBy,
): FoundSandbox {
  const sockets = { dir: place.sockets, gid: 0 };
  return { labels, deadline: readDeadline(place), driver, sockets, limitsHeldBy, checks: 0, stands: false };
}
