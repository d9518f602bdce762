/**
 * Vends credentials of a standing grant: a session as its requester, the shortest that STS makes. What they are said to
 * last is never more than the grant; below STS's shortest the role's own end cuts them.
 */
import { type Credentials, GrantFault, type Vending } from '../../ports/grants.ts';
import { type Aws, nameRole } from './aws.ts';
import { whoAmI } from './caller.ts';
import { pause, type Run } from './patience.ts';
import { assume } from './session.ts';
import { faultOf } from './trouble.ts';

/** Somebody inside waits for this, and their SDK asks again. */
const patienceMs = 8_000;

export async function vend(aws: Aws, run: Run, { access, requester, endsAt }: Vending): Promise<Credentials> {
  const name = nameRole(await whoAmI(aws, run), access);
  const short = { ...run, until: Math.min(run.until, aws.clock.now() + patienceMs) };
  for (let attempt = 0; ; attempt += 1) {
    if (aws.clock.now() >= endsAt)
      throw new GrantFault('gone', `the grant of ${access} has ended`, { retryable: false });
    const session = await assume(aws, short, name, requester);
    if (session.ok) {
      const { expiresAt, ...keys } = session.value;
      return { ...keys, expiresAt: Math.min(expiresAt, endsAt) };
    }
    if (!session.trouble.passing || !(await pause(short, attempt)))
      throw faultOf(session.trouble, `sts:AssumeRole on ${name.arn}`);
  }
}
