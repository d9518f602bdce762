/**
 * Moves a grant's end: the policy `end` and the tag, nothing else. The policy goes first: a crash in between leaves a
 * tag that is at odds with it, and whichever of the two is earlier ends the access.
 */
import type { AccessId } from '../../domain/ids.ts';
import { GrantFault } from '../../ports/grants.ts';
import { type Aws, nameRole } from './aws.ts';
import { whoAmI } from './caller.ts';
import { endPolicy, policyNames } from './documents.ts';
import { checkEnd } from './limits.ts';
import type { Run } from './patience.ts';
import { claim, findRole, isRevoked } from './role.ts';
import { tagEnd, writeInline } from './write-role.ts';

export async function setEnd(aws: Aws, run: Run, access: AccessId, endsAt: number): Promise<void> {
  checkEnd(endsAt);
  const name = nameRole(await whoAmI(aws, run), access);
  const role = await findRole(aws, run, name);
  if (!role) throw gone(access, 'has no grant');
  claim(aws, role, name);
  if (await isRevoked(aws, run, name)) throw gone(access, 'was revoked');
  await writeInline(aws, run, name, policyNames.end, endPolicy(endsAt));
  await tagEnd(aws, run, name, endsAt);
  aws.onProgress({ access, act: 'set-end', step: 'moved' });
}

function gone(access: AccessId, why: string): GrantFault {
  return new GrantFault('gone', `${access} ${why}`, { retryable: false });
}
