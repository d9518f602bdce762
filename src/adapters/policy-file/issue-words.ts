/** Turns what zod finds into plain problems: flat, one for each thing, in words for whoever writes the file. */
import type { z } from 'zod';
import type { Path } from './locate.ts';

export type Found = { readonly path: Path; readonly about: 'key' | 'value'; readonly message: string };

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
};

/** An error map for zod; messages that the schema itself gives go before it. */
export function issueWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      if (issue.input === undefined) return 'is missing';
      const wanted = kinds[issue.expected] ?? issue.expected;
      if (issue.expected === 'string' && typeof issue.input === 'number')
        return 'must be a text: put it in quotes';
      return `must be ${wanted}, not ${issue.expected === 'int' && typeof issue.input === 'number' ? 'a fraction' : kindOf(issue.input)}`;
    }
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return 'must not be empty';
      return `must ${amount(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum)}`;
    case 'too_big':
      return `must ${amount(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum)}`;
    default:
      return undefined;
  }
}

export function flatten(issue: z.core.$ZodIssue, base: Path = []): readonly Found[] {
  const path = [...base, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], about: 'key', message: 'is not a known key' }));
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({ path, about: 'key', message }));
    case 'invalid_element':
      return issue.issues.flatMap((inner) => flatten(inner, path));
    case 'invalid_union': {
      const options = issue.errors.map((option) => option.flatMap((inner) => flatten(inner, path)));
      // The option that came furthest is what was meant; where none stands out, each is named.
      const depth = (option: readonly Found[]): number =>
        Math.max(0, ...option.map((one) => one.path.length));
      const deepest = Math.max(0, ...options.map(depth));
      const likely = options.filter((option) => depth(option) === deepest && option.length > 0);
      if (likely.length === 1 && likely[0] !== undefined) return likely[0];
      const messages = [
        ...new Set(options.flatMap((option) => option.slice(0, 1).map((one) => one.message))),
      ];
      return [{ path, about: 'value', message: messages.join(', or ') || issue.message }];
    }
    default:
      return [{ path, about: 'value', message: issue.message }];
  }
}

function amount(origin: string, bound: string, count: number | bigint): string {
  if (origin === 'array') return `have ${bound} ${count} ${count === 1 ? 'item' : 'items'}`;
  if (origin === 'string') return `have ${bound} ${count} characters`;
  return `be ${bound} ${count}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return kinds[typeof value] ?? typeof value;
}
