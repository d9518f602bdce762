/**
 * From a signed HTTP request to its answer, in AWS's order: who is it, is it too much, may they, do it.
 * Every refusal on the way becomes an answer; only {@link ConnectionReset} and bugs leave here as exceptions.
 */
import { randomUUID } from 'node:crypto';
import type { Account } from './account.ts';
import { authenticate, type Skew } from './authenticate.ts';
import { type Action, type Actions, type Call, demand, requestContext } from './call.ts';
import { parseDataRequest, serveData } from './data-service.ts';
import { AwsError, signatureMismatch } from './errors.ts';
import type { Faults } from './faults.ts';
import { managedPolicyActions } from './iam-managed-policies.ts';
import { rolePolicyActions } from './iam-role-policies.ts';
import { roleActions } from './iam-roles.ts';
import { simulateActions } from './iam-simulate.ts';
import { answerXml, errorXml, parseParams } from './query-protocol.ts';
import type { RequestLog } from './request-log.ts';
import { type Claim, readClaim, type SignedRequest } from './sigv4.ts';
import { stsActions } from './sts-actions.ts';

export type World = {
  readonly account: Account;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly skew: Skew;
  /** Takes one write from the rate, or throws `Throttling`. */
  readonly throttleWrite: () => void;
  readonly onChange: () => void;
};

export type Answer = { readonly status: number; readonly contentType: string; readonly body: string };

type QueryService = { readonly version: string; readonly namespace: string; readonly actions: Actions };

const services: Readonly<Record<string, QueryService>> = {
  iam: {
    version: '2010-05-08',
    namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    actions: { ...roleActions, ...rolePolicyActions, ...managedPolicyActions, ...simulateActions },
  },
  sts: {
    version: '2011-06-15',
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    actions: stsActions,
  },
};

export function handleQuery(world: World, request: SignedRequest, sourceIp: string): Answer {
  const requestId = randomUUID();
  const contentType = 'text/xml';
  let namespace = 'https://iam.amazonaws.com/doc/2010-05-08/';
  try {
    const claim = readClaim(request);
    const service = services[claim.service];
    if (service === undefined)
      throw signatureMismatch("Credential should be scoped to a valid service: 'iam', 'sts'.");
    namespace = service.namespace;
    const params = parseParams(new URLSearchParams(request.body.toString()));
    const { name, action } = actionOf(service, params.text('Action'), params.text('Version'));
    const resource = params.text('RoleName') ?? params.text('RoleArn') ?? params.text('PolicyArn');
    const result = perform(world, request, claim, sourceIp, { name, resource }, (call) => {
      if (action.writes) world.throttleWrite();
      const whole = { ...call, params };
      demand(whole, action.needs(whole));
      return action.run(whole);
    });
    return { status: 200, contentType, body: answerXml(namespace, name, result, requestId) };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { status: error.status, contentType, body: errorXml(namespace, error, requestId) };
  }
}

export function handleData(world: World, request: SignedRequest, sourceIp: string): Answer {
  const contentType = 'application/json';
  try {
    const claim = readClaim(request);
    if (claim.service !== 'data')
      throw signatureMismatch("Credential should be scoped to correct service: 'data'.");
    const asked = parseDataRequest(request.body.toString());
    const about = { name: asked.action, resource: asked.resource };
    const result = perform(world, request, claim, sourceIp, about, (call) => serveData(call, asked));
    return { status: 200, contentType, body: JSON.stringify(result) };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const { code, message, status } = error;
    return { status, contentType, body: JSON.stringify({ code, message }) };
  }
}

function actionOf(
  { actions, version }: QueryService,
  name = '',
  asked = '',
): { name: string; action: Action } {
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action !== undefined && asked === version) return { name, action };
  throw new AwsError('InvalidAction', 400, `Could not find operation ${name} for version ${asked}`);
}

/** Authenticates, lets injected faults strike around `work`, and logs the outcome. */
function perform<T>(
  world: World,
  request: SignedRequest,
  claim: Claim,
  sourceIp: string,
  { name, resource }: { name: string; resource: string | undefined },
  work: (call: Pick<Call, 'account' | 'caller' | 'context'>) => T,
): T {
  const { account, faults, log } = world;
  const caller = authenticate(account, request, claim, world.skew);
  const context = requestContext(caller, claim.region, sourceIp, account.now());
  let outcome = 'ok';
  try {
    faults.strike(name, 'before');
    const result = work({ account, caller, context });
    faults.strike(name, 'after');
    return result;
  } catch (error) {
    outcome = error instanceof AwsError ? error.code : 'ConnectionReset';
    throw error;
  } finally {
    log.add({
      at: account.now(),
      service: claim.service,
      action: name,
      caller: caller.arn,
      resource,
      outcome,
    });
    world.onChange();
  }
}
