/**
 * Condition operators of the IAM policy language: `Date…`, `Numeric…`, `String…`, `Arn…`, `Bool`, `IpAddress`,
 * `Null`, each with `IfExists` and the set prefixes `ForAnyValue:` and `ForAllValues:`.
 *
 * An operator that is not listed here is unknown to {@link parseOperator}; documents that use one are refused.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
import { BlockList, isIP } from 'node:net';
import type { Context } from './context.ts';
import { arnFits, fits } from './wildcards.ts';

/** Operator -> key -> values, as parsed from a statement. */
export type Conditions = readonly Condition[];
export type Condition = {
  readonly operator: Operator;
  readonly key: string;
  readonly values: readonly string[];
};

export type Operator = {
  readonly test: Test | 'null';
  /** Negated operators ask that no value matches, and hold where the key is absent. */
  readonly negated: boolean;
  readonly ifExists: boolean;
  readonly set: 'any' | 'all' | undefined;
};

/** True if what the request says (`given`) meets what one value of the policy asks for (`wanted`). */
type Test = (given: string, wanted: string) => boolean;

const compare =
  (read: (text: string) => number, holds: (given: number, wanted: number) => boolean): Test =>
  (given, wanted) =>
    holds(read(given), read(wanted));

const less = (given: number, wanted: number) => given < wanted;
const lessOrEqual = (given: number, wanted: number) => given <= wanted;
const greater = (given: number, wanted: number) => given > wanted;
const greaterOrEqual = (given: number, wanted: number) => given >= wanted;
const same = (given: number, wanted: number) => given === wanted;

const equals: Test = (given, wanted) => given === wanted;
const equalsIgnoringCase: Test = (given, wanted) => given.toLowerCase() === wanted.toLowerCase();
const like: Test = (given, wanted) => fits(wanted, given);
const arnLike: Test = (given, wanted) => arnFits(wanted, given);

const tests: Readonly<Record<string, Test | 'null'>> = {
  StringEquals: equals,
  StringEqualsIgnoreCase: equalsIgnoringCase,
  StringLike: like,
  ArnEquals: arnLike,
  ArnLike: arnLike,
  Bool: equalsIgnoringCase,
  IpAddress: inNetwork,
  DateEquals: compare(toInstant, same),
  DateLessThan: compare(toInstant, less),
  DateLessThanEquals: compare(toInstant, lessOrEqual),
  DateGreaterThan: compare(toInstant, greater),
  DateGreaterThanEquals: compare(toInstant, greaterOrEqual),
  NumericEquals: compare(Number, same),
  NumericLessThan: compare(Number, less),
  NumericLessThanEquals: compare(Number, lessOrEqual),
  NumericGreaterThan: compare(Number, greater),
  NumericGreaterThanEquals: compare(Number, greaterOrEqual),
  Null: 'null',
};

const negations: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
  NotIpAddress: 'IpAddress',
  DateNotEquals: 'DateEquals',
  NumericNotEquals: 'NumericEquals',
};

/** `undefined` where the look-alike does not know the operator. */
export function parseOperator(text: string): Operator | undefined {
  const [, prefix, name = '', ifExists] =
    /^(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?$/.exec(text) ?? [];
  const test = tests[negations[name] ?? name];
  if (test === undefined || (test === 'null' && ifExists !== undefined)) return undefined;
  return {
    test,
    negated: name in negations,
    ifExists: ifExists !== undefined,
    set: prefix === undefined ? undefined : prefix === 'ForAnyValue' ? 'any' : 'all',
  };
}

/** Every condition of a statement must hold. */
export function conditionsHold(conditions: Conditions, context: Context): boolean {
  return conditions.every((condition) => holds(condition, context));
}

function holds({ operator, key, values }: Condition, context: Context): boolean {
  const value = context.get(key.toLowerCase());
  const given = value === undefined ? [] : typeof value === 'string' ? [value] : value;
  const { test, negated, ifExists, set } = operator;
  if (test === 'null') return values.includes(given.length === 0 ? 'true' : 'false');
  if (given.length === 0) return ifExists || set === 'all' || (negated && set === undefined);
  const meets = (one: string) => values.some((wanted) => test(one, wanted)) !== negated;
  // Without a set prefix a negated operator asks it of every value that the request holds.
  return set === 'all' || (set === undefined && negated) ? given.every(meets) : given.some(meets);
}

/** ISO 8601, or seconds since the epoch; anything else is NaN, which no comparison meets. */
function toInstant(text: string): number {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

function inNetwork(given: string, wanted: string): boolean {
  const [network = '', bits] = wanted.split('/');
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(network) === 0 || isIP(given) === 0) return false;
  const list = new BlockList();
  list.addSubnet(network, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
  return list.check(given, isIP(given) === 6 ? 'ipv6' : 'ipv4');
}
