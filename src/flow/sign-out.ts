/**
 * Signing out is final: all that a person signed in up to now counts no more, wherever a copy of its cookie is. A
 * cookie alone could only be taken from the browser that gives it back.
 */
import type { Flow } from './deps.ts';

/** How long a sign-in counts where nobody signs out. */
export const signInMs = 8 * 3_600_000;

export type SignedIn = {
  readonly person: string;
  /** Epoch milliseconds. */
  readonly since: number;
};

/** Whether nobody signed out since. Rejects where that cannot be told. */
export async function counts(
  { signOuts }: Pick<Flow, 'signOuts'>,
  { person, since }: SignedIn,
): Promise<boolean> {
  const last = await signOuts.last(person);
  return last === undefined || since > last;
}

/** A sign-in that is over ends no other: who stole it could otherwise keep its owner out. */
export async function signOut(deps: Pick<Flow, 'signOuts' | 'clock'>, signedIn: SignedIn): Promise<void> {
  if (!(await counts(deps, signedIn))) return;
  const now = deps.clock.now();
  // It ends at least what it was asked by, whatever the clock did since.
  const at = Math.max(now, signedIn.since);
  await deps.signOuts.mark(signedIn.person, at, at - now + signInMs);
}
