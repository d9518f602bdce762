/**
 * Issues a grant: creates its role or adopts what an interrupted call left, and returns once its credentials worked.
 *
 * The order is the promise: the dated end is written and read back before anything is attached or allowed, so a
 * crash at any step leaves a role that allows nothing or one that ends by itself. Creation is one call that brings
 * tags, trust and boundary along: there is no role of ours without them. A role that carries `revoked` is never
 * issued again.
 */
import { isDeepStrictEqual } from 'node:util';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { type Grant, GrantFault, type GrantSpec } from '../../ports/grants.ts';
import { type Aws, nameRole, type RoleName } from './aws.ts';
import { whoAmI } from './caller.ts';
import {
  endPolicy,
  type PolicyDocument,
  policyNames,
  rolePath,
  roleTags,
  tagKeys,
  trustPolicy,
} from './documents.ts';
import { fill } from './fill.ts';
import { checkSpec, checkTrust } from './limits.ts';
import { call, type Run, type Send } from './patience.ts';
import { proveAlive } from './prove-alive.ts';
import { claim, findRole, isRevoked } from './role.ts';
import { pinTrust, tagEnd, writeInline } from './write-role.ts';

export async function issue(aws: Aws, run: Run, spec: GrantSpec): Promise<Grant> {
  checkSpec(spec);
  if (spec.endsAt <= run.clock.now()) throw gone('its end has passed');
  const caller = await whoAmI(aws, run);
  if (caller.account !== spec.aws.account)
    throw new GrantFault('invalid', `the bot is in account ${caller.account}, not ${spec.aws.account}`, {
      retryable: false,
    });
  const name = nameRole(caller, spec.access);
  const say = (step: string) => aws.onProgress({ access: spec.access, act: 'issue', step });
  const trust = trustPolicy({ principal: caller.principal, access: spec.access, requester: spec.requester });
  checkTrust(trust);

  const adopted = !(await create(aws, run, name, spec, JSON.stringify(trust)));
  if (adopted) await adopt(aws, run, name, spec, trust);
  say(adopted ? 'adopted' : 'created');
  await writeInline(aws, run, name, policyNames.end, endPolicy(spec.endsAt));
  if (adopted) await tagEnd(aws, run, name, spec.endsAt);
  say('end written');
  await fill(aws, run, name, spec);
  say('allowed');
  await proveAlive(aws, run, name, spec);
  say('proved alive');
  return {
    access: spec.access,
    arn: name.arn,
    requester: spec.requester,
    target: spec.target,
    endsAt: spec.endsAt,
  };
}

/** @returns false where a role of that name exists. */
async function create(aws: Aws, run: Run, name: RoleName, spec: GrantSpec, trust: string): Promise<boolean> {
  const input = {
    Path: rolePath,
    RoleName: spec.access,
    AssumeRolePolicyDocument: trust,
    PermissionsBoundary: spec.aws.boundary,
    MaxSessionDuration: 3_600,
    Tags: roleTags({ ...spec, install: aws.install }).map((tag) => ({ ...tag })),
    Description: 'Temporary access, managed by prod-access',
  };
  const what = `iam:CreateRole and iam:TagRole on ${name.arn}`;
  const send: Send<unknown> = (options) => aws.iam.send(new CreateRoleCommand(input), options);
  try {
    return (await call(run, what, send, { expected: ['EntityAlreadyExists'] })) !== undefined;
  } catch (error) {
    // Here NoSuchEntity can speak of one thing only.
    if (!(error instanceof GrantFault) || error.code !== 'gone') throw error;
    const message = `the permissions boundary ${spec.aws.boundary} does not exist`;
    throw new GrantFault('invalid', message, { retryable: false, cause: error.cause });
  }
}

async function adopt(
  aws: Aws,
  run: Run,
  name: RoleName,
  spec: GrantSpec,
  trust: PolicyDocument,
): Promise<void> {
  const role = await findRole(aws, run, name);
  if (!role) throw gone('its role vanished while being adopted', true);
  claim(aws, role, name);
  const same =
    role.boundary === spec.aws.boundary &&
    role.tags[tagKeys.access] === spec.access &&
    role.tags[tagKeys.requester] === spec.requester &&
    role.tags[tagKeys.target] === spec.target;
  if (!same)
    throw new GrantFault('foreign', `${name.arn} exists with another boundary or other tags`, {
      retryable: false,
    });
  if (await isRevoked(aws, run, name)) throw gone('it was revoked');
  if (!isDeepStrictEqual(role.trust, trust)) await pinTrust(aws, run, name, trust);
}

function gone(why: string, retryable = false): GrantFault {
  return new GrantFault('gone', `no grant: ${why}`, { retryable });
}
