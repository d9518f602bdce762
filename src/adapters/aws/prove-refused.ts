/**
 * Proves a grant dead: its role, assumed afresh each time, is refused by explicit deny at least three times over
 * the settling time. One success, or a refusal that is not an explicit deny, starts the window anew.
 *
 * Where the explicit deny stands elsewhere (a boundary or an organisation's policy forbids even the self-read), the
 * trial tells nothing of our own deny. Such a role never came alive through us; the deny that was read back is
 * given four settling times instead of one, and that is all that can be known.
 *
 * A role that does not let itself be assumed and that IAM no longer shows is gone, which ends its sessions too.
 */
import { GrantFault } from '../../ports/grants.ts';
import type { Aws, RoleName } from './aws.ts';
import { pause, type Run, wait } from './patience.ts';
import { readRole } from './role.ts';
import { assume, type Seen, seeSelf } from './session.ts';
import { faultOf, type Trouble } from './trouble.ts';

const leastRefusals = 3;
const fencedFactor = 4;

type Window = { readonly since: number; readonly refusals: number; readonly fenced: boolean };

/** @returns `absent` where the role turned out to be gone. */
export async function proveRefused(
  aws: Aws,
  run: Run,
  name: RoleName,
  requester: string,
): Promise<'refused' | 'absent'> {
  let window: Window | undefined;
  let alive = false;
  for (let unclear = 0; ; ) {
    const session = await assume(aws, run, name, requester);
    if (!session.ok && (await readRole(aws, run, name)) === undefined) return 'absent';
    const seen: Seen = session.ok
      ? await seeSelf(aws, run, name, session.value)
      : { as: 'unclear', trouble: session.trouble };
    alive = seen.as === 'alive' || (alive && seen.as === 'unclear');
    if (seen.as === 'refused' || seen.as === 'fenced') {
      window = widen(window, seen.as === 'fenced', run.clock.now());
      const length = aws.settleMs * (window.fenced ? fencedFactor : 1);
      const left = window.since + length - run.clock.now();
      if (left <= 0 && window.refusals >= leastRefusals) return 'refused';
      unclear = 0;
      const step = aws.settleMs / leastRefusals;
      if (!(await wait(run, left > 0 ? Math.min(left, step) : step))) throw undecided(alive, name, undefined);
    } else {
      if (seen.as !== 'unclear') window = undefined;
      const trouble = seen.as === 'unclear' ? seen.trouble : undefined;
      if (!(await pause(run, unclear++))) throw undecided(alive, name, trouble);
    }
  }
}

function widen(window: Window | undefined, fenced: boolean, now: number): Window {
  if (!window) return { since: now, refusals: 1, fenced };
  return { since: window.since, refusals: window.refusals + 1, fenced: window.fenced || fenced };
}

function undecided(alive: boolean, name: RoleName, trouble: Trouble | undefined): GrantFault {
  if (alive)
    return new GrantFault('alive', `${name.arn} still acts although it was revoked`, { retryable: true });
  if (trouble) return faultOf(trouble, `sts:AssumeRole and sts:SetSourceIdentity on ${name.arn}`);
  return new GrantFault('not-effective', `${name.arn} is not yet refused throughout`, { retryable: true });
}
