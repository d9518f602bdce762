/**
 * The Query protocol's two directions: form-encoded parameters with dotted paths in, XML out.
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
import { validationError } from './errors.ts';

export type Params = {
  text(name: string): string | undefined;
  /** Throws `ValidationError` where it is missing or empty. */
  required(name: string): string;
  integer(name: string, range: { min: number; max: number }): number | undefined;
  /** `Name.member.1`, `Name.member.2`, … */
  list(name: string): readonly string[];
  /** `Name.member.1.Key`, …: one `Params` per member. */
  structs(name: string): readonly Params[];
};

export function parseParams(form: URLSearchParams, prefix = ''): Params {
  const text = (name: string) => form.get(prefix + name) ?? undefined;
  const members = (name: string) => {
    const start = `${prefix}${name}.member.`;
    const numbers = [...form.keys()]
      .filter((key) => key.startsWith(start))
      .map((key) => Number(key.slice(start.length).split('.')[0]));
    return [...new Set(numbers)].sort((a, b) => a - b).map((number) => `${start}${number}`);
  };
  return {
    text,
    required(name) {
      const value = text(name);
      if (value !== undefined && value !== '') return value;
      throw constraint('null', name, 'Member must not be null');
    },
    integer(name, { min, max }) {
      const value = text(name);
      if (value === undefined) return undefined;
      const number = Number(value);
      if (!Number.isInteger(number) || number < min)
        throw constraint(`'${value}'`, name, `Member must have value greater than or equal to ${min}`);
      if (number > max)
        throw constraint(`'${value}'`, name, `Member must have value less than or equal to ${max}`);
      return number;
    },
    list: (name) => members(name).flatMap((path) => form.get(path) ?? []),
    structs: (name) => members(name).map((path) => parseParams(form, `${path}.`)),
  };
}

/** A `ValidationError` in the words of AWS's own validators. */
export function constraint(value: string, name: string, requirement: string) {
  const member = name.charAt(0).toLowerCase() + name.slice(1);
  return validationError(
    `1 validation error detected: Value ${value} at '${member}' failed to satisfy constraint: ${requirement}`,
  );
}

/** Objects become elements, arrays lists of `member`, dates ISO; what is undefined is left out. */
export type Xml =
  | string
  | number
  | boolean
  | Date
  | undefined
  | readonly Xml[]
  | { readonly [name: string]: Xml };

export function toXml(value: Xml): string {
  if (value === undefined) return '';
  if (value instanceof Date) return value.toISOString().replace(/\.\d{3}Z$/, 'Z');
  if (Array.isArray(value)) return value.map((one: Xml) => `<member>${toXml(one)}</member>`).join('');
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([name, inner]) => (inner === undefined ? '' : `<${name}>${toXml(inner)}</${name}>`))
      .join('');
  return escapeXml(String(value));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Line ends as character references, or parsers would fold them; the rest of the controls XML cannot hold. */
function escapeXml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character] ?? character)
    .replace(/[\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function answerXml(
  namespace: string,
  action: string,
  result: Xml | undefined,
  requestId: string,
): string {
  const body = result === undefined ? '' : `<${action}Result>${toXml(result)}</${action}Result>`;
  const meta = toXml({ ResponseMetadata: { RequestId: requestId } });
  return `<${action}Response xmlns="${namespace}">${body}${meta}</${action}Response>`;
}

export function errorXml(
  namespace: string,
  error: { code: string; message: string; status: number },
  requestId: string,
): string {
  const { code, message, status } = error;
  const type = status < 500 ? 'Sender' : 'Receiver';
  const body = toXml({ Error: { Type: type, Code: code, Message: message }, RequestId: requestId });
  return `<ErrorResponse xmlns="${namespace}">${body}</ErrorResponse>`;
}
