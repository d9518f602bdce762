/** `doctor`'s lines on the managed policies that targets name: the boundary, read and looked at, and the others. */
import { GetPolicyCommand, GetPolicyVersionCommand } from '@aws-sdk/client-iam';
import { type GrantCheck, GrantFault } from '../../ports/grants.ts';
import type { Aws, Caller } from './aws.ts';
import { decide, sampleAccess, undenied } from './boundary.ts';
import { roleArn } from './documents.ts';
import { must, type Run } from './patience.ts';
import { readDocument } from './role.ts';

export async function checkBoundary(
  aws: Aws,
  run: Run,
  caller: Caller,
  arn: string,
): Promise<readonly GrantCheck[]> {
  const check = `AWS boundary ${arn}`;
  let document: unknown;
  try {
    document = await readManaged(aws, run, arn);
  } catch (error) {
    const missing = error instanceof GrantFault && error.code === 'gone';
    const remedy = missing
      ? 'Create it as docs/aws-setup.md shows, or correct its ARN in the policy file.'
      : 'Allow the bot iam:GetPolicy and iam:GetPolicyVersion on it.';
    const detail = missing ? 'there is no such policy' : messageOf(error);
    return [{ check, ok: false, detail, remedy }];
  }
  return [{ check, ok: true, detail: 'exists and is readable' }, selfRead(document), fence(document)];

  function selfRead(boundary: unknown): GrantCheck {
    const line = `AWS boundary ${arn}: self-read`;
    const own = roleArn(caller.account, sampleAccess, caller.partition);
    const decision = decide(boundary, 'iam:GetRole', own);
    if (decision === 'allowed') return { check: line, ok: true, detail: 'allowed' };
    const detail = {
      denied: 'it denies iam:GetRole on the granted role',
      'not-allowed': 'it does not allow iam:GetRole on the granted role',
      depends: 'not checked: a condition decides over iam:GetRole on the granted role',
    }[decision];
    const remedy =
      'Let the boundary allow iam:GetRole on role/prod-access/*, or no grant can be proved alive.';
    return { check: line, ok: decision === 'depends', detail, remedy };
  }

  function fence(boundary: unknown): GrantCheck {
    const line = `AWS boundary ${arn}: denials`;
    const open = undenied(boundary);
    if (open.length === 0) return { check: line, ok: true, detail: 'denies ways around the end' };
    const remedy = 'Take over the Deny statements of the boundary in docs/aws-setup.md.';
    return { check: line, ok: false, detail: `does not deny ${open.join(', ')}`, remedy };
  }
}

export async function checkManaged(aws: Aws, run: Run, arn: string): Promise<GrantCheck> {
  const check = `AWS policy ${arn}`;
  try {
    const send = () => aws.iam.send(new GetPolicyCommand({ PolicyArn: arn }));
    const { Policy } = await must(run, `iam:GetPolicy on ${arn}`, send);
    if (Policy?.IsAttachable !== false) return { check, ok: true, detail: 'exists' };
    return {
      check,
      ok: false,
      detail: 'cannot be attached',
      remedy: 'Name another policy in the policy file.',
    };
  } catch (error) {
    const missing = error instanceof GrantFault && error.code === 'gone';
    const detail = missing ? 'there is no such policy' : messageOf(error);
    const remedy = missing ? 'Correct its ARN in the policy file.' : 'Allow the bot iam:GetPolicy on it.';
    return { check, ok: false, detail, remedy };
  }
}

/** The document of a managed policy's version in force. */
async function readManaged(aws: Aws, run: Run, PolicyArn: string): Promise<unknown> {
  const { Policy } = await must(run, `iam:GetPolicy on ${PolicyArn}`, (options) =>
    aws.iam.send(new GetPolicyCommand({ PolicyArn }), options),
  );
  const VersionId = Policy?.DefaultVersionId ?? 'v1';
  const { PolicyVersion } = await must(run, `iam:GetPolicyVersion on ${PolicyArn}`, (options) =>
    aws.iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }), options),
  );
  return readDocument(PolicyVersion?.Document);
}

function messageOf(error: unknown): string {
  return error instanceof GrantFault ? error.message : 'no answer';
}
