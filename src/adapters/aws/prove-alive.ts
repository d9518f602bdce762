/**
 * Proves a fresh grant alive: assumes its role as the requester and lets it read itself, again and again through
 * IAM's propagation. Throws with the likeliest remedy when it does not come alive within patience.
 */
import { GrantFault, type GrantSpec } from '../../ports/grants.ts';
import type { Aws, RoleName } from './aws.ts';
import { pause, type Run } from './patience.ts';
import { insist, isRevoked } from './role.ts';
import { assume, type Seen, seeSelf } from './session.ts';
import { causeOf, faultOf, reasonOf, type Trouble } from './trouble.ts';

export async function proveAlive(aws: Aws, run: Run, name: RoleName, spec: GrantSpec): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    if (run.clock.now() >= spec.endsAt) throw fault('gone', 'its end passed while it was being issued');
    const session = await assume(aws, run, name, spec.requester);
    const seen = session.ok ? await seeSelf(aws, run, name, session.value) : undefined;
    if (seen?.as === 'alive') return;
    if (seen?.as === 'refused' && (await isRevoked(aws, run, name))) throw fault('gone', 'it was revoked');
    if (!session.ok && isFinal(session.trouble)) throw assumeFault(session.trouble, name);
    if (!session.ok && attempt > 2) await insist(aws, run, name);
    if (!(await pause(run, attempt)))
      throw session.ok ? selfFault(seen, name) : assumeFault(session.trouble, name);
  }
}

/** A new role refuses to be assumed until IAM has spread it; an explicit deny, or no credentials, will not pass. */
function isFinal(trouble: Trouble): boolean {
  if (trouble.name === 'AccessDenied') return trouble.message.includes('with an explicit deny');
  return !trouble.passing && trouble.name !== 'NoSuchEntity';
}

function assumeFault(trouble: Trouble, name: RoleName): GrantFault {
  return faultOf(trouble, `sts:AssumeRole and sts:SetSourceIdentity on ${name.arn}`);
}

function selfFault(seen: Exclude<Seen, { as: 'alive' }> | undefined, name: RoleName): GrantFault {
  if (!seen) return fault('not-effective', `${name.arn} did not come alive`);
  const reason = reasonOf(seen.trouble);
  const cause = causeOf(seen.trouble);
  if (seen.as === 'fenced' || seen.as === 'not-allowed') {
    const message = `${name.arn} may not read itself (${reason}): its boundary must allow iam:GetRole on it`;
    return new GrantFault('denied', message, { retryable: false, cause });
  }
  const message = `${name.arn} did not come alive (${reason})`;
  return new GrantFault('not-effective', message, { retryable: true, cause });
}

function fault(code: 'gone' | 'not-effective', why: string): GrantFault {
  return new GrantFault(code, `no grant: ${why}`, { retryable: code === 'not-effective' });
}
