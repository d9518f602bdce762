/**
 * What `doctor` shows of AWS: one line a question, each bad one with its remedy. Reads only, and never throws. Rights
 * to write cannot be tried without writing; they are asked of IAM's own simulator, and where the bot may not, the
 * line says that they were not checked.
 */
import { SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import type { AwsGrantPart, GrantCheck } from '../../ports/grants.ts';
import { GrantFault } from '../../ports/grants.ts';
import type { Aws, Caller } from './aws.ts';
import { sampleAccess } from './boundary.ts';
import { whoAmI } from './caller.ts';
import { checkBoundary, checkManaged } from './check-policies.ts';
import { roleArn, rolePath } from './documents.ts';
import { list } from './list.ts';
import { everyPage, must, type Run } from './patience.ts';

/** Long enough to pass over a hiccup, short enough for a person who waits. */
const patienceMs = 5_000;

const writes = [
  'iam:CreateRole',
  'iam:TagRole',
  'iam:PutRolePolicy',
  'iam:AttachRolePolicy',
  'iam:UpdateAssumeRolePolicy',
  'iam:DetachRolePolicy',
  'iam:DeleteRolePolicy',
  'iam:DeleteRole',
  'iam:GetRole',
  'iam:GetRolePolicy',
  'iam:ListRolePolicies',
  'iam:ListAttachedRolePolicies',
  'iam:ListRoleTags',
  'sts:AssumeRole',
  'sts:SetSourceIdentity',
];

export async function check(
  aws: Aws,
  whole: Run,
  parts: readonly AwsGrantPart[],
): Promise<readonly GrantCheck[]> {
  const run: Run = { ...whole, until: Math.min(whole.until, whole.clock.now() + patienceMs) };
  const lines: GrantCheck[] = [];
  let caller: Caller | undefined;
  lines.push(
    await line('AWS identity', identityRemedy, async () => {
      caller = await whoAmI(aws, run);
      return `${caller.principal} in account ${caller.account}`;
    }),
  );
  if (!caller) return lines;
  const me = caller;
  lines.push(
    await line(
      'AWS list grants',
      'Allow the bot iam:ListRoles and iam:ListRoleTags, see docs/aws-setup.md.',
      async () => {
        const grants = await list(aws, run);
        return `${grants.length} of this install`;
      },
    ),
  );
  for (const account of distinct(parts.map((part) => part.account)))
    if (account !== me.account)
      lines.push({
        check: `AWS account ${account}`,
        ok: false,
        detail: `the bot is in account ${me.account}`,
        remedy: 'Run a bot in that account, or correct the account in the policy file.',
      });
  for (const boundary of distinct(parts.map((part) => part.boundary))) {
    lines.push(await rights(aws, run, me, boundary));
    lines.push(...(await checkBoundary(aws, run, me, boundary)));
  }
  for (const arn of distinct(parts.flatMap((part) => part.managed)))
    lines.push(await checkManaged(aws, run, arn));
  return lines;
}

/** Asks IAM whether the bot may do all that a grant takes, with this boundary. */
async function rights(aws: Aws, run: Run, caller: Caller, boundary: string): Promise<GrantCheck> {
  const check = `AWS rights on ${rolePath}*`;
  const input = {
    PolicySourceArn: caller.principal,
    ActionNames: writes,
    ResourceArns: [roleArn(caller.account, sampleAccess, caller.partition)],
    ContextEntries: [
      {
        ContextKeyName: 'iam:PermissionsBoundary',
        ContextKeyType: 'string' as const,
        ContextKeyValues: [boundary],
      },
    ],
  };
  try {
    const pages = await everyPage((page) =>
      must(run, `iam:SimulatePrincipalPolicy on ${caller.principal}`, (options) =>
        aws.iam.send(new SimulatePrincipalPolicyCommand({ ...input, ...page }), options),
      ),
    );
    const missing = (pages ?? [])
      .flatMap((page) => page.EvaluationResults ?? [])
      .flatMap((result) => (result.EvalDecision === 'allowed' ? [] : (result.EvalActionName ?? [])));
    if (missing.length === 0) return { check, ok: true, detail: `all ${writes.length} allowed` };
    const remedy = 'Give the bot the policy from docs/aws-setup.md, with this boundary in its conditions.';
    return { check, ok: false, detail: `missing with ${boundary}: ${missing.join(', ')}`, remedy };
  } catch (error) {
    const detail = `not checked: ${error instanceof GrantFault ? error.message : 'no answer'}`;
    const remedy = 'Allow the bot iam:SimulatePrincipalPolicy on itself to have its rights checked.';
    return { check, ok: true, detail, remedy };
  }
}

function identityRemedy(fault: GrantFault): string {
  if (fault.message.startsWith('no AWS credentials'))
    return 'Give the process AWS credentials (instance role, profile or environment), see docs/aws-setup.md.';
  if (fault.code === 'denied')
    return 'Replace the AWS credentials: AWS knows no such key, or the clock is off.';
  if (fault.code === 'invalid') return 'Run the bot as an IAM user or role, see docs/aws-setup.md.';
  return 'Check AWS_REGION, AWS_ENDPOINT_URL and the way to the network.';
}

async function line(
  check: string,
  remedy: string | ((fault: GrantFault) => string),
  ask: () => Promise<string>,
): Promise<GrantCheck> {
  try {
    return { check, ok: true, detail: await ask() };
  } catch (error) {
    const fault =
      error instanceof GrantFault ? error : new GrantFault('unavailable', 'no answer', { retryable: true });
    const advice = typeof remedy === 'string' ? remedy : remedy(fault);
    return { check, ok: false, detail: fault.message, remedy: advice };
  }
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
