/**
 * The decision on one request inside one account, with its reason, as AWS documents it:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 *
 * An explicit Deny anywhere binds. Otherwise an identity policy, the boundary and the session policies must each
 * allow. A resource policy that names the caller's role spares the identity policy only; one that names the
 * session (or user) itself spares the boundary and the session policies too.
 */
import type { Caller } from './caller.ts';
import { nearest, nearnessOf } from './caller.ts';
import { applies, evaluate, type Request } from './evaluate-policy.ts';
import type { PolicyDocument } from './policy-document.ts';

export type Source =
  | 'identity-based policy'
  | 'permissions boundary'
  | 'session policy'
  | 'resource-based policy'
  | 'role trust policy';

export type Decision =
  | { readonly verdict: 'allowed' }
  | { readonly verdict: 'explicitDeny' | 'implicitDeny'; readonly source: Source };

/** `mustAllow`: without its consent nothing is allowed, as with a role's trust policy. */
export type ResourceSide = {
  readonly document: PolicyDocument;
  readonly source: 'resource-based policy' | 'role trust policy';
  readonly mustAllow: boolean;
};

const allowed: Decision = { verdict: 'allowed' };

export function decide(caller: Caller, request: Request, resourceSide?: ResourceSide): Decision {
  const identity = evaluate(caller.identityPolicies, request);
  const boundary = caller.boundary && evaluate([caller.boundary], request);
  const session = caller.sessionPolicies && evaluate(caller.sessionPolicies, request);
  const resource = resourceSide && evaluateResourceSide(resourceSide, caller, request);

  if (identity === 'deny') return { verdict: 'explicitDeny', source: 'identity-based policy' };
  if (boundary === 'deny') return { verdict: 'explicitDeny', source: 'permissions boundary' };
  if (session === 'deny') return { verdict: 'explicitDeny', source: 'session policy' };
  if (resourceSide && resource?.denied) return { verdict: 'explicitDeny', source: resourceSide.source };

  if (resourceSide?.mustAllow && resource?.nearness === undefined)
    return { verdict: 'implicitDeny', source: resourceSide.source };
  if (resource?.nearness === 'itself') return allowed;
  if (identity === 'none' && resource?.nearness !== 'role')
    return { verdict: 'implicitDeny', source: 'identity-based policy' };
  if (boundary === 'none') return { verdict: 'implicitDeny', source: 'permissions boundary' };
  if (session === 'none') return { verdict: 'implicitDeny', source: 'session policy' };
  return allowed;
}

function evaluateResourceSide({ document }: ResourceSide, caller: Caller, request: Request) {
  const applying = document.statements.filter(
    (statement) => nearnessOf(statement, caller) !== undefined && applies(statement, request),
  );
  const allowing = applying.filter(({ effect }) => effect === 'Allow');
  return { denied: allowing.length < applying.length, nearness: nearest(allowing, caller) };
}

/** The sentence of an `AccessDenied`. `shown` is how the service at hand spells the resource. */
export function denialMessage(
  caller: Caller,
  action: string,
  shown: string,
  decision: Exclude<Decision, { verdict: 'allowed' }>,
): string {
  const article =
    decision.source === 'identity-based policy'
      ? 'an'
      : decision.source === 'role trust policy'
        ? 'the'
        : 'a';
  const because =
    decision.verdict === 'explicitDeny'
      ? `with an explicit deny in ${article} ${decision.source}`
      : `because no ${decision.source} allows the ${action} action`;
  return `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${shown} ${because}`;
}
