/**
 * `SimulatePrincipalPolicy`: asks the evaluator about actions and resources without doing anything. The clock is
 * supplied; every other condition key comes from `ContextEntries` or is absent. Resource policies are not asked.
 */
import { type Account, policiesOf, roleByArn } from './account.ts';
import { botCaller, principalArnOf } from './authenticate.ts';
import { decide } from './authorize.ts';
import type { Actions } from './call.ts';
import type { Caller } from './caller.ts';
import { type ContextKeys, contextOf } from './context.ts';
import { noSuchEntity } from './errors.ts';
import { evaluate } from './evaluate-policy.ts';
import { parsePolicy } from './policy-document.ts';
import type { Params, Xml } from './query-protocol.ts';

export const simulateActions: Actions = {
  SimulatePrincipalPolicy: {
    needs: ({ params }) => [
      { action: 'iam:SimulatePrincipalPolicy', resource: params.required('PolicySourceArn') },
    ],
    run({ account, params }) {
      const caller = subjectOf(account, params);
      const context = contextOf(timeOf(account), contextEntries(params));
      const resources = params.list('ResourceArns');
      const results = params
        .list('ActionNames')
        .flatMap((action) =>
          (resources.length > 0 ? resources : ['*']).map((resource) =>
            judge(caller, { action, resource, context }),
          ),
        );
      return { EvaluationResults: results, IsTruncated: false };
    },
  },
};

function judge(caller: Caller, request: Parameters<typeof evaluate>[1]): Xml {
  const allowedByBoundary = caller.boundary && evaluate([caller.boundary], request) === 'allow';
  return {
    EvalActionName: request.action,
    EvalResourceName: request.resource,
    EvalDecision: decide(caller, request).verdict,
    MatchedStatements: [],
    MissingContextValues: [],
    PermissionsBoundaryDecisionDetail:
      allowedByBoundary === undefined ? undefined : { AllowedByPermissionsBoundary: allowedByBoundary },
  };
}

/** The bot or a role, with the policies and the boundary that the request adds in thought. */
function subjectOf(account: Account, params: Params): Caller {
  const caller = callerNamed(account, params.required('PolicySourceArn'));
  const added = params.list('PolicyInputList').map((text) => parsePolicy(text, 'identity').document);
  const [boundary] = params.list('PermissionsBoundaryPolicyInputList');
  return {
    ...caller,
    identityPolicies: [...caller.identityPolicies, ...added],
    boundary: boundary === undefined ? caller.boundary : parsePolicy(boundary, 'identity').document,
  };
}

function callerNamed(account: Account, arn: string): Caller {
  const bot = botCaller(account);
  if (arn === principalArnOf(account.bot, account.id)) return bot;
  const role = roleByArn(account, arn, 'get');
  if (role === undefined) throw noSuchEntity(`The entity ${arn} cannot be found.`);
  return {
    ...bot,
    arn,
    principalArn: arn,
    userId: role.id,
    kind: 'session',
    ...policiesOf(account, role),
    context: {},
  };
}

function timeOf(account: Account): ContextKeys {
  const now = account.now();
  return { 'aws:CurrentTime': new Date(now).toISOString(), 'aws:EpochTime': String(Math.floor(now / 1000)) };
}

function contextEntries(params: Params): ContextKeys {
  return Object.fromEntries(
    params.structs('ContextEntries').map((entry) => {
      const values = entry.list('ContextKeyValues');
      const several = entry.text('ContextKeyType')?.endsWith('List') ?? false;
      return [entry.required('ContextKeyName'), several ? values : values[0]];
    }),
  );
}
