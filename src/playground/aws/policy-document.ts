/**
 * Policy documents, from JSON text to the shape that is evaluated. Two kinds of trouble are told apart:
 * `MalformedPolicyDocument` for what IAM itself refuses, `LookalikeNotImplemented` for what IAM would take but
 * nobody here can judge: an unknown operator or condition key, a policy variable, `NotPrincipal`.
 */
import { isIP } from 'node:net';
import { type Condition, type Conditions, parseOperator } from './conditions.ts';
import { isKnownKey } from './context.ts';
import { malformedPolicy, notImplemented } from './errors.ts';

/** `identity` also stands for boundaries and session policies; `trust` is a role's, `resource` a resource's. */
export type PolicyKind = 'identity' | 'trust' | 'resource';

export type Patterns = { readonly except: boolean; readonly patterns: readonly string[] };

export type Statement = {
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  readonly action: Patterns;
  /** A trust policy has none: its resource is its role. */
  readonly resource: Patterns | undefined;
  /** AWS principals (`*`, account, root, role, user or session ARN); undefined in identity policies. */
  readonly principals: readonly string[] | undefined;
  readonly conditions: Conditions;
};

export type PolicyDocument = { readonly statements: readonly Statement[] };

/** A document with the text it was written as, which is what IAM hands back. */
export type StoredPolicy = { readonly text: string; readonly document: PolicyDocument };

type Json = Readonly<Record<string, unknown>>;

const statementFields = new Set([
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'NotPrincipal',
  'Condition',
]);

/** Throws `AwsError`: `MalformedPolicyDocument` or `LookalikeNotImplemented`. */
export function parsePolicy(text: string, kind: PolicyKind): StoredPolicy {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw malformedPolicy('This policy contains invalid Json');
  }
  if (!isObject(json) || Object.keys(json).some((key) => !['Version', 'Id', 'Statement'].includes(key)))
    throw malformedPolicy('Syntax errors in policy.');
  if (json.Version !== undefined && json.Version !== '2012-10-17' && json.Version !== '2008-10-17')
    throw malformedPolicy('The policy must contain a valid version string');
  const listed = Array.isArray(json.Statement) ? json.Statement : [json.Statement];
  if (listed.length === 0) throw malformedPolicy('Syntax errors in policy.');
  const statements = listed.map((statement: unknown) => parseStatement(statement, kind));
  const sids = statements.flatMap(({ sid }) => (sid === undefined || sid === '' ? [] : [sid]));
  if (new Set(sids).size !== sids.length)
    throw malformedPolicy('Statement IDs (SID) in a single policy must be unique.');
  return { text, document: { statements } };
}

function parseStatement(json: unknown, kind: PolicyKind): Statement {
  if (!isObject(json) || Object.keys(json).some((key) => !statementFields.has(key)))
    throw malformedPolicy('Syntax errors in policy.');
  const { Sid: sid, Effect: effect } = json;
  if (effect !== 'Allow' && effect !== 'Deny') throw malformedPolicy('Syntax errors in policy.');
  if (sid !== undefined && (typeof sid !== 'string' || (kind !== 'resource' && !/^[0-9A-Za-z]*$/.test(sid))))
    throw malformedPolicy('Statement IDs (SID) must be alpha-numeric.');
  if (json.NotPrincipal !== undefined) throw notImplemented('NotPrincipal');
  const action = patternsOf(json, 'Action', 'NotAction');
  if (action === undefined) throw malformedPolicy('Policy statement must contain actions.');
  if (action.patterns.some((pattern) => pattern !== '*' && !/^[\w*?-]+:[\w*?]+$/.test(pattern)))
    throw malformedPolicy('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
  return {
    sid: typeof sid === 'string' ? sid : undefined,
    effect,
    action,
    resource: resourceOf(json, kind),
    principals: principalsOf(json.Principal, kind),
    conditions: conditionsOf(json.Condition),
  };
}

function resourceOf(json: Json, kind: PolicyKind): Patterns | undefined {
  const resource = patternsOf(json, 'Resource', 'NotResource');
  if (kind === 'trust') {
    if (resource !== undefined) throw malformedPolicy('Has prohibited field Resource');
    return undefined;
  }
  if (resource === undefined) throw malformedPolicy('Policy statement must contain resources.');
  for (const pattern of resource.patterns) {
    if (pattern.includes('${')) throw notImplemented(`the policy variable in ${pattern}`);
    if (!pattern.includes('*') && !/^arn:[^:]+:[^:]*:[^:]*:[^:]*:.+/.test(pattern))
      throw malformedPolicy(`Resource ${pattern} must be in ARN format or "*".`);
  }
  return resource;
}

/** Principals that are services or federations never call here, so they match nobody. */
function principalsOf(json: unknown, kind: PolicyKind): readonly string[] | undefined {
  if (kind === 'identity') {
    if (json !== undefined) throw malformedPolicy('Policy document should not specify a principal.');
    return undefined;
  }
  if (json === '*') return ['*'];
  if (!isObject(json) || Object.keys(json).length === 0)
    throw malformedPolicy('Missing required field Principal');
  const unknown = Object.keys(json).find((key) => !['AWS', 'Service', 'Federated'].includes(key));
  if (unknown !== undefined) throw malformedPolicy(`Invalid principal in policy: "${unknown}"`);
  const principals = json.AWS === undefined ? [] : stringsOf(json.AWS);
  const wild = principals.find((principal) => principal !== '*' && /[*?]/.test(principal));
  if (wild !== undefined) throw malformedPolicy(`Invalid principal in policy: "AWS":"${wild}"`);
  return principals;
}

function conditionsOf(json: unknown): Conditions {
  if (json === undefined) return [];
  if (!isObject(json)) throw malformedPolicy('Syntax errors in policy.');
  return Object.entries(json).flatMap(([name, keys]): Condition[] => {
    const operator = parseOperator(name);
    if (operator === undefined) throw notImplemented(`the condition operator ${name}`);
    if (!isObject(keys)) throw malformedPolicy('Syntax errors in policy.');
    return Object.entries(keys).map(([key, value]) => {
      if (!isKnownKey(key)) throw notImplemented(`the condition key ${key}`);
      const values = stringsOf(value);
      if (values.some((one) => one.includes('${'))) throw notImplemented(`the policy variable for ${key}`);
      if (name.includes('Date') && values.some((one) => !isDate(one)))
        throw malformedPolicy(`Syntax errors in policy: ${values.join()} is not a date`);
      if (name.includes('IpAddress') && values.some((one) => !isNetwork(one)))
        throw malformedPolicy(`Syntax errors in policy: ${values.join()} is not a network`);
      return { operator, key, values };
    });
  });
}

function isNetwork(text: string): boolean {
  const [address = '', bits = '0', ...rest] = text.split('/');
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return rest.length === 0 && /^\d+$/.test(bits) && Number(bits) <= most;
}

const isDate = (text: string) => /^\d+$/.test(text) || !Number.isNaN(Date.parse(text));

function patternsOf(json: Json, field: string, negatedField: string): Patterns | undefined {
  const value = json[field];
  const negated = json[negatedField];
  if (value !== undefined && negated !== undefined) throw malformedPolicy('Syntax errors in policy.');
  if (value !== undefined) return { except: false, patterns: stringsOf(value) };
  return negated === undefined ? undefined : { except: true, patterns: stringsOf(negated) };
}

function stringsOf(value: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.map((one) => {
    if (typeof one === 'string') return one;
    if (typeof one === 'boolean' || typeof one === 'number') return String(one);
    throw malformedPolicy('Syntax errors in policy.');
  });
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
