/**
 * Opens the sandbox of one access, or adopts the one that stands: the steps that every driver keeps to, in this order,
 * under the access's lock. What comes back was found fenced from inside; of an opening that fails nothing is left.
 */
import type { ProbeFinding, Sandbox, SandboxSpec } from '../../ports/sandboxes.ts';
import { notFenced, unfenced } from './inside-checks.ts';
import { lock } from './local/lock.ts';
import { type House, placeOf } from './local/machine.ts';
import { makeHouse, type State, writeState } from './local/state.ts';
import { mustBeId, unavailable } from './only-faults.ts';
import { sandboxFrom } from './sandbox-from.ts';

export type Started = { readonly state: State; readonly findings: readonly ProbeFinding[] };

/** What a driver does of it, each for the access that is opened. */
export type OpeningSteps = {
  /** What the sandbox says of itself. */
  readonly driver: string;
  /** The state of a whole sandbox that stands. */
  standing(): State | undefined;
  /** Throws where this machine cannot hold the sandbox as it was asked for. */
  mustBeAble(): void;
  /** Whether something half made or half gone must be closed first. */
  hasTraces(): boolean | Promise<boolean>;
  /** Returns once the inside was probed; what it leaves when it throws is closed here. */
  start(): Promise<Started>;
  close(): Promise<void>;
};

export async function openOrAdopt(
  house: House & { readonly clock: () => number },
  { labels: { access, install }, deadline }: SandboxSpec,
  steps: OpeningSteps,
): Promise<Sandbox> {
  const place = placeOf(house, mustBeId(access));
  if (install !== house.install) throw unavailable(`this driver opens for ${house.install}, not ${install}`);
  makeHouse(house);
  using _held = await lock(place.lock);
  const stands = steps.standing();
  if (stands !== undefined) return sandboxFrom(steps.driver, place, stands);
  if (deadline <= house.clock()) throw unavailable('the deadline has passed already');
  steps.mustBeAble();
  if (await steps.hasTraces()) await steps.close();
  try {
    const { state, findings } = await steps.start();
    const why = unfenced(findings);
    if (why !== undefined) throw notFenced(why);
    const open = { ...state, phase: 'open', checks: findings.length } as const;
    writeState(place, open);
    return sandboxFrom(steps.driver, place, open);
  } catch (error) {
    await steps.close();
    throw error;
  }
}
