/** One authenticated call, and the shape that every action of every service here has. */
import type { Account } from './account.ts';
import { decide, denialMessage, type ResourceSide } from './authorize.ts';
import type { Caller } from './caller.ts';
import { type ContextKeys, contextOf } from './context.ts';
import { accessDenied } from './errors.ts';
import type { Params, Xml } from './query-protocol.ts';

export type Call = {
  readonly account: Account;
  readonly caller: Caller;
  readonly params: Params;
  /** Keys that every request carries: time, address, region. */
  readonly context: ContextKeys;
};

/** A permission that the caller must have before an action runs. */
export type Need = {
  readonly action: string;
  readonly resource: string;
  /** The resource as the service's denial spells it; by default as it is. */
  readonly shown?: string;
  readonly context?: ContextKeys;
  readonly resourceSide?: ResourceSide | undefined;
};

export type Action = {
  /** Checks the parameters as far as it reads them, and touches nothing. */
  readonly needs: (call: Call) => readonly Need[];
  /** Does it. An answer of undefined is one without a result element. */
  readonly run: (call: Call) => Xml | undefined;
  /** Counts against the write rate. */
  readonly writes?: boolean;
};

export type Actions = Readonly<Record<string, Action>>;

/** Throws `AccessDenied` at the first need that is not met. */
export function demand(call: Pick<Call, 'caller' | 'context'>, needs: readonly Need[]): void {
  for (const { action, resource, shown = resource, context = {}, resourceSide } of needs) {
    const request = { action, resource, context: contextOf(call.context, call.caller.context, context) };
    const decision = decide(call.caller, request, resourceSide);
    if (decision.verdict !== 'allowed')
      throw accessDenied(denialMessage(call.caller, action, shown, decision));
  }
}

export function requestContext(caller: Caller, region: string, sourceIp: string, now: number): ContextKeys {
  return {
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': String(Math.floor(now / 1000)),
    'aws:PrincipalAccount': caller.account,
    'aws:PrincipalArn': caller.principalArn,
    'aws:PrincipalIsAWSService': 'false',
    'aws:RequestedRegion': region,
    'aws:ResourceAccount': caller.account,
    'aws:SecureTransport': 'true',
    'aws:SourceIp': sourceIp.replace(/^::ffff:/, ''),
    'aws:userid': caller.userId,
    'aws:ViaAWSService': 'false',
  };
}
