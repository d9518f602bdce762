/** IAM's actions on what a role may do: inline policies written into it, managed policies attached to it. */
import type { Actions, Call } from './call.ts';
import { limits, nameOf, sizeOf } from './checks.ts';
import { limitExceeded, noSuchEntity } from './errors.ts';
import { needOnRole, roleOf } from './iam-needs.ts';
import { page } from './pagination.ts';
import { parsePolicy } from './policy-document.ts';

export const rolePolicyActions: Actions = {
  PutRolePolicy: {
    needs: needOnRole('iam:PutRolePolicy'),
    writes: true,
    run(call) {
      const name = nameOf(call.params, 'PolicyName', 128);
      const text = call.params.required('PolicyDocument');
      const role = roleOf(call);
      const inline = new Map([...role.inline, [name, parsePolicy(text, 'identity')] as const]);
      const size = [...inline.values()].reduce((sum, policy) => sum + sizeOf(policy.text), 0);
      if (size > limits.inlinePerRole)
        throw limitExceeded(
          `Maximum policy size of ${limits.inlinePerRole} bytes exceeded for role ${role.name}`,
        );
      call.account.roles.put(role.name, { ...role, inline });
      return undefined;
    },
  },

  GetRolePolicy: {
    needs: needOnRole('iam:GetRolePolicy'),
    run(call) {
      const { role, name, policy } = inlinePolicyOf(call);
      return { RoleName: role.name, PolicyName: name, PolicyDocument: encodeURIComponent(policy.text) };
    },
  },

  DeleteRolePolicy: {
    needs: needOnRole('iam:DeleteRolePolicy'),
    writes: true,
    run(call) {
      const { role, name } = inlinePolicyOf(call);
      const inline = new Map([...role.inline].filter(([other]) => other !== name));
      call.account.roles.put(role.name, { ...role, inline });
      return undefined;
    },
  },

  ListRolePolicies: {
    needs: needOnRole('iam:ListRolePolicies'),
    run(call) {
      const { items, ...rest } = page([...roleOf(call).inline.keys()], call.params, (name) => name);
      return { PolicyNames: items, ...rest };
    },
  },

  AttachRolePolicy: {
    needs: needOnRole('iam:AttachRolePolicy', policyKey),
    writes: true,
    run(call) {
      const role = roleOf(call);
      const arn = call.params.required('PolicyArn');
      if (call.account.managed.get(arn) === undefined)
        throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
      const attached = [...new Set([...role.attached, arn])];
      if (attached.length > limits.attachedPerRole)
        throw limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${limits.attachedPerRole}`);
      call.account.roles.put(role.name, { ...role, attached });
      return undefined;
    },
  },

  DetachRolePolicy: {
    needs: needOnRole('iam:DetachRolePolicy', policyKey),
    writes: true,
    run(call) {
      const role = roleOf(call);
      const arn = call.params.required('PolicyArn');
      if (!role.attached.includes(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
      const attached = role.attached.filter((other) => other !== arn);
      call.account.roles.put(role.name, { ...role, attached });
      return undefined;
    },
  },

  ListAttachedRolePolicies: {
    needs: needOnRole('iam:ListAttachedRolePolicies'),
    run(call) {
      const { items, ...rest } = page(roleOf(call).attached, call.params, (arn) => arn);
      const described = items.map((PolicyArn) => ({ PolicyName: PolicyArn.split('/').at(-1), PolicyArn }));
      return { AttachedPolicies: described, ...rest };
    },
  },
};

function policyKey({ params }: Call) {
  return { 'iam:PolicyARN': params.required('PolicyArn') };
}

function inlinePolicyOf(call: Call) {
  const role = roleOf(call);
  const name = nameOf(call.params, 'PolicyName', 128);
  const policy = role.inline.get(name);
  if (policy === undefined) throw noSuchEntity(`The role policy with name ${name} cannot be found.`);
  return { role, name, policy };
}
