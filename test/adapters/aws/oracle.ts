/** An independent judge of policies, so that neither our documents nor the look-alike are their own witness. */
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { account } from './world.ts';

type Question = {
  /** ARN of a role, a session or a user. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly policies: readonly unknown[];
  readonly boundary?: unknown;
  readonly resourcePolicy?: unknown;
  readonly context?: Readonly<Record<string, string | string[]>>;
};

export type Answer = 'Allowed' | 'ExplicitlyDenied' | 'ImplicitlyDenied';

/** Throws where the judge finds a document invalid. */
export async function judge(question: Question): Promise<Answer> {
  const { principal, action, resource, policies, boundary, resourcePolicy, context } = question;
  const result = await runSimulation(
    {
      request: {
        principal,
        action,
        resource: { resource, accountId: account },
        contextVariables: { ...context },
      },
      identityPolicies: policies.map((policy, index) => ({ name: `policy-${index}`, policy })),
      serviceControlPolicies: [{ orgIdentifier: 'r-root', policies: [{ name: 'all', policy: allowAll }] }],
      resourceControlPolicies: [],
      ...(boundary === undefined
        ? {}
        : { permissionBoundaryPolicies: [{ name: 'boundary', policy: boundary }] }),
      ...(resourcePolicy === undefined ? {} : { resourcePolicy }),
    },
    {},
  );
  if (result.resultType === 'error') throw new Error(JSON.stringify(result.errors));
  return result.overallResult;
}

export const allowAll = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
};
