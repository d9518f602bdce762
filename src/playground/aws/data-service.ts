/**
 * A made-up service with something to be granted: a signed `POST /data` with `{"action", "resource"}` answers 200
 * or 403 as the caller's policies, and the resource's own, decide. It is signed for the service name `data`.
 */
import type { Account } from './account.ts';
import { type Call, demand } from './call.ts';
import { validationError } from './errors.ts';
import type { PolicyDocument } from './policy-document.ts';

const dataActions = [
  's3:GetObject',
  's3:PutObject',
  's3:ListBucket',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
] as const;

export type DataRequest = { readonly action: string; readonly resource: string };

export function parseDataRequest(body: string): DataRequest {
  const json = parseJson(body);
  if (typeof json === 'object' && json !== null && 'action' in json && 'resource' in json) {
    const { action, resource } = json;
    if (typeof resource === 'string' && dataActions.some((known) => known === action))
      return { action: String(action), resource };
  }
  throw validationError(`Expected {"action", "resource"} with one of the actions ${dataActions.join(', ')}`);
}

/** Throws `AccessDenied`. */
export function serveData(call: Pick<Call, 'account' | 'caller' | 'context'>, request: DataRequest) {
  const document = resourcePolicyOn(call.account, request.resource);
  const resourceSide = document && { document, source: 'resource-based policy' as const, mustAllow: false };
  demand(call, [{ ...request, resourceSide }]);
  return { ...request, allowed: true, principal: call.caller.arn };
}

/** A bucket's policy guards its objects too. */
function resourcePolicyOn(account: Account, resource: string): PolicyDocument | undefined {
  const guarding = [...account.resourcePolicies].filter(
    ([arn]) => resource === arn || resource.startsWith(`${arn}/`),
  );
  const statements = guarding.flatMap(([, { statements }]) => statements);
  return guarding.length > 0 ? { statements } : undefined;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
