/**
 * Takes a grant back, from whatever state a crash left it in, by the access id alone.
 *
 * First the unconditional deny under a name that nothing else touches; then the proof by trial that IAM refuses the
 * role; then detach, delete, and read back that nothing is left. `revoked` is the last policy to go.
 *
 * The proof needs to assume the role. Whoever it once trusted, and whatever became of its tags, the trust policy is
 * first pinned to the bot as it is today (the requester's name from the tag, or else the access id): this keeps
 * revoking possible after the bot's identity was rotated, and shuts out anyone that was let in by hand. A role
 * without this install's tag is never touched.
 */
import { isDeepStrictEqual } from 'node:util';
import { DeleteRoleCommand } from '@aws-sdk/client-iam';
import type { AccessId } from '../../domain/ids.ts';
import { GrantFault } from '../../ports/grants.ts';
import { type Aws, nameRole, type RoleName } from './aws.ts';
import { whoAmI } from './caller.ts';
import { policyNames, revokedPolicy, tagKeys, trustPolicy } from './documents.ts';
import { isSourceIdentity } from './limits.ts';
import { onRole } from './on-role.ts';
import { awaited, pause, type Run } from './patience.ts';
import { proveRefused } from './prove-refused.ts';
import { attachedArns, claim, findRole, inlineNames, readRole } from './role.ts';
import { deleteInline, detach, pinTrust, writeInline } from './write-role.ts';

export async function revoke(aws: Aws, run: Run, access: AccessId): Promise<void> {
  const caller = await whoAmI(aws, run);
  const name = nameRole(caller, access);
  const say = (step: string) => aws.onProgress({ access, act: 'revoke', step });
  const role = await findRole(aws, run, name);
  if (!role) return say('absent');
  claim(aws, role, name);
  const tagged = role.tags[tagKeys.requester] ?? '';
  const requester = isSourceIdentity(tagged) ? tagged : access;
  const trust = trustPolicy({ principal: caller.principal, access, requester });
  try {
    await writeInline(aws, run, name, policyNames.revoked, revokedPolicy());
    say('denied');
    if (!isDeepStrictEqual(role.trust, trust)) await pinTrust(aws, run, name, trust);
  } catch (error) {
    // Another revoke may have finished first.
    if (error instanceof GrantFault && error.code === 'gone' && !(await findRole(aws, run, name)))
      return say('absent');
    throw error;
  }
  if ((await proveRefused(aws, run, name, requester)) === 'absent') return say('absent');
  say('proved refused');
  await remove(aws, run, name);
  await awaited(run, `the deletion of ${name.arn}`, async () => !(await readRole(aws, run, name)));
  say('deleted');
}

/** Empties and deletes the role, again where something was added in between (IAM's DeleteConflict). */
async function remove(aws: Aws, run: Run, name: RoleName): Promise<void> {
  const input = { RoleName: name.access };
  for (let attempt = 0; ; attempt++) {
    for (const PolicyArn of (await attachedArns(aws, run, name)) ?? [])
      await detach(aws, run, name, PolicyArn);
    for (const PolicyName of lastOnes(await inlineNames(aws, run, name)))
      await deleteInline(aws, run, name, PolicyName);
    const remove = (options: { abortSignal?: AbortSignal }) =>
      aws.iam.send(new DeleteRoleCommand(input), options);
    const deleted = await onRole(aws, run, name, 'DeleteRole', remove, {
      expected: ['NoSuchEntity', 'DeleteConflict'],
    });
    if (deleted || !(await readRole(aws, run, name))) return;
    if (!(await pause(run, attempt)))
      throw new GrantFault('unavailable', `${name.arn} cannot be emptied: conflicts`, { retryable: true });
  }
}

/** Denies go last: what is deleted before them cannot act meanwhile. */
function lastOnes(names: readonly string[] | undefined): readonly string[] {
  const order: readonly string[] = [policyNames.end, policyNames.revoked];
  return [...(names ?? [])].sort((a, b) => order.indexOf(a) - order.indexOf(b));
}
