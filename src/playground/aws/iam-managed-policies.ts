/** IAM's actions on managed policies, each with the one version that it was created with. */
import type { Account, ManagedPolicy } from './account.ts';
import { policyArn } from './arns.ts';
import type { Actions, Call } from './call.ts';
import { limits, nameOf, pathOf, sizeOf, tagsOf } from './checks.ts';
import { tagKeys } from './context.ts';
import { uniqueId } from './credentials.ts';
import { alreadyExists, limitExceeded, noSuchEntity } from './errors.ts';
import { needOnPolicy } from './iam-needs.ts';
import { parsePolicy } from './policy-document.ts';

export const managedPolicyActions: Actions = {
  CreatePolicy: {
    needs: ({ account, params }) => [
      {
        action: 'iam:CreatePolicy',
        resource: policyArn(account.id, pathOf(params, 'Path'), nameOf(params, 'PolicyName', 128)),
        context: tagKeys('aws:RequestTag', tagsOf(params)),
      },
    ],
    writes: true,
    run({ account, params }) {
      const arn = policyArn(account.id, pathOf(params, 'Path'), nameOf(params, 'PolicyName', 128));
      const text = params.required('PolicyDocument');
      if (account.managed.get(arn))
        throw alreadyExists(`A policy called ${params.text('PolicyName')} already exists.`);
      if (sizeOf(text) > limits.managedPolicy)
        throw limitExceeded(`Cannot exceed quota for PolicySize: ${limits.managedPolicy}`);
      const managed = newManagedPolicy(account, arn, text);
      account.managed.put(arn, managed);
      return { Policy: describe(account, managed) };
    },
  },

  GetPolicy: {
    needs: needOnPolicy('iam:GetPolicy'),
    run: (call) => ({ Policy: describe(call.account, managedPolicyOf(call)) }),
  },

  GetPolicyVersion: {
    needs: needOnPolicy('iam:GetPolicyVersion'),
    run(call) {
      const { policy, createdAt } = managedPolicyOf(call);
      const version = call.params.required('VersionId');
      if (version !== 'v1') throw noSuchEntity(`Policy version ${version} does not exist.`);
      return {
        PolicyVersion: {
          Document: encodeURIComponent(policy.text),
          VersionId: 'v1',
          IsDefaultVersion: true,
          CreateDate: new Date(createdAt),
        },
      };
    },
  },
};

/** Throws as {@link parsePolicy} does. */
export function newManagedPolicy(account: Account, arn: string, text: string): ManagedPolicy {
  const [, path = '/', name = ''] = /:policy(\/.*?)([^/]+)$/.exec(arn) ?? [];
  const policy = parsePolicy(text, 'identity');
  return { id: uniqueId('ANPA'), arn, name, path, createdAt: account.now(), policy };
}

function managedPolicyOf({ account, params }: Call): ManagedPolicy {
  const arn = params.required('PolicyArn');
  const managed = account.managed.get(arn);
  if (managed === undefined) throw noSuchEntity(`Policy ${arn} was not found.`);
  return managed;
}

function describe(account: Account, { id, arn, name, path, createdAt }: ManagedPolicy) {
  const roles = account.roles.all();
  return {
    PolicyName: name,
    PolicyId: id,
    Arn: arn,
    Path: path,
    DefaultVersionId: 'v1',
    AttachmentCount: roles.filter(({ attached }) => attached.includes(arn)).length,
    PermissionsBoundaryUsageCount: roles.filter(({ boundary }) => boundary === arn).length,
    IsAttachable: true,
    CreateDate: new Date(createdAt),
    UpdateDate: new Date(createdAt),
  };
}
