/** One set of documents against one request: which statements apply, and what they say together. */
import { conditionsHold } from './conditions.ts';
import type { Context } from './context.ts';
import type { Patterns, PolicyDocument, Statement } from './policy-document.ts';
import { actionFits, arnFits, fits } from './wildcards.ts';

export type Request = {
  readonly action: string;
  readonly resource: string;
  readonly context: Context;
};

export type Effect = 'allow' | 'deny' | 'none';

/** An explicit Deny beats every Allow; no documents, or none that apply, say nothing. */
export function evaluate(documents: readonly PolicyDocument[], request: Request): Effect {
  const applying = documents.flatMap(({ statements }) =>
    statements.filter((statement) => applies(statement, request)),
  );
  if (applying.some(({ effect }) => effect === 'Deny')) return 'deny';
  return applying.length > 0 ? 'allow' : 'none';
}

/** Everything but the principal, which only resource policies name. */
export function applies(statement: Statement, { action, resource, context }: Request): boolean {
  return (
    matches(statement.action, (pattern) => actionFits(pattern, action)) &&
    (statement.resource === undefined ||
      matches(statement.resource, (pattern) => resourceFits(pattern, resource))) &&
    conditionsHold(statement.conditions, context)
  );
}

function matches({ except, patterns }: Patterns, fitting: (pattern: string) => boolean): boolean {
  return patterns.some(fitting) !== except;
}

/**
 * Some actions know no resource and are asked with `*`, which only a pattern of `*` covers. An ARN pattern with
 * too few fields stands for one whose missing fields are `*`.
 */
function resourceFits(pattern: string, resource: string): boolean {
  if (resource === '*' || pattern === '*') return fits(pattern, resource);
  const missing = 6 - pattern.split(':').length;
  return arnFits(missing > 0 ? pattern + ':*'.repeat(missing) : pattern, resource);
}
