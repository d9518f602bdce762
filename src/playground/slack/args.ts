/**
 * The arguments of one API call, from a form (everything a string, structures as JSON text) or from a JSON body
 * (everything as it is). Reading an argument says what is wrong with it in Slack's words.
 */
import { problem } from './element-limits.ts';
import { refusalOf } from './limits.ts';
import { isObject, type JsonObject, SlackRefusal } from './wire.ts';

export type Args = {
  readonly raw: JsonObject;
  readonly has: (name: string) => boolean;
  /** A string, or `undefined` where it is missing or empty. */
  readonly text: (name: string) => string | undefined;
  /** A string that must be there. */
  readonly needed: (name: string) => string;
  readonly flag: (name: string) => boolean;
  /** A page size between 1 and `most`. */
  readonly limit: (fallback: number, most: number) => number;
  /** A list of ids: comma-separated or an array. */
  readonly list: (name: string) => readonly string[];
  /** A structure; `otherwise` is the refusal for text that is no JSON. */
  readonly structure: (name: string, otherwise: string) => unknown;
};

export function argsOf(raw: JsonObject): Args {
  const text = (name: string): string | undefined => {
    const value = raw[name];
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return {
    raw,
    text,
    has: (name) => raw[name] !== undefined && raw[name] !== null,
    needed: (name) => {
      const value = text(name);
      if (value === undefined)
        throw refusalOf('invalid_arguments', [problem(`/${name}`, `missing required field: ${name}`)]);
      return value;
    },
    flag: (name) => ['true', '1'].includes(text(name) ?? ''),
    limit: (fallback, most) => {
      const given = text('limit');
      if (given === undefined) return fallback;
      const count = Number(given);
      if (!Number.isInteger(count) || count < 0) throw new SlackRefusal('invalid_limit');
      return count === 0 ? fallback : Math.min(count, most);
    },
    list: (name) => {
      const value = raw[name];
      if (Array.isArray(value)) return value.map(String);
      return (text(name) ?? '')
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
    },
    structure: (name, otherwise) => {
      const value = raw[name];
      if (typeof value !== 'string') return value;
      try {
        return JSON.parse(value);
      } catch {
        throw new SlackRefusal(otherwise);
      }
    },
  };
}

/** Reads a request body by its content type; a body that can't be read is refused as Slack does. */
export function bodyArgs(contentType: string, body: string): JsonObject {
  if (contentType.startsWith('application/json')) {
    try {
      const parsed: unknown = JSON.parse(body);
      if (isObject(parsed)) return parsed;
    } catch {
      // Refused below, like any other body that is no object.
    }
    throw new SlackRefusal('invalid_json');
  }
  return Object.fromEntries(new URLSearchParams(body));
}
