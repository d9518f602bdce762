/**
 * Reads a policy file: YAML 1.2, strictly. Every problem is reported with line and column, all of them at once, but for
 * a file that is no YAML at all: there only the syntax is. Nothing is accepted silently: duplicate keys, unknown tags
 * and text that is not UTF-8 are problems.
 */
import { createHash } from 'node:crypto';
import { isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { type Policy, type PolicyDocument, policySchema } from '../../domain/policy.ts';
import { flatten, issueWords } from './issue-words.ts';
import { at, keyPositionOf, type Parsed, pathText, positionOf } from './locate.ts';
import type { PolicyProblem } from './problem.ts';
import { policyWarnings, type Warning } from './warnings.ts';

/** The largest file in bytes. */
export const sizeMax = 1024 * 1024;
/** How often one part may be repeated through aliases; the usual few, not a bomb. */
const aliasesMax = 100;

export type ParsedPolicy =
  | { readonly policy: Policy; readonly warnings: readonly PolicyProblem[] }
  | { readonly problems: readonly PolicyProblem[] };

/** What the bot that is to enforce the policy can do. */
export type Able = { readonly images: boolean };

/**
 * `content` is the file's bytes, or its text as UTF-8; `path` names it in messages. Where it is not said who is to
 * enforce it, everything is taken for possible.
 */
export function parsePolicy(
  content: Uint8Array | string,
  path: string,
  able: Able = { images: true },
): ParsedPolicy {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  const whole = (message: string): ParsedPolicy => ({
    problems: [{ line: 1, column: 1, path: '', message: `${path} ${message}` }],
  });
  if (bytes.byteLength > sizeMax) return whole(`is larger than ${sizeMax} bytes`);
  const text = utf8Of(bytes);
  if (text === undefined) return whole('is not UTF-8 text');
  try {
    return parseText(text, hashOfFile(bytes), able);
  } catch (error) {
    // Too deep, or one alias too many: the parser throws.
    return whole(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Hex SHA-256 of the file's bytes: it names the version in the trail. */
export function hashOfFile(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function parseText(text: string, hash: string, able: Able): ParsedPolicy {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    schema: 'core',
    merge: false,
  });
  const parsed: Parsed = { document, lines };
  const syntax = [...document.errors, ...document.warnings].map(
    ({ code, message, pos }): PolicyProblem => ({
      ...at(lines, pos[0]),
      path: '',
      message: code === 'DUPLICATE_KEY' ? 'this key stands twice in the same map' : message,
    }),
  );
  if (document.errors.some(({ code }) => code !== 'DUPLICATE_KEY')) return { problems: inOrder(syntax) };

  const { data, error } = policySchema.safeParse(document.toJS({ maxAliasCount: aliasesMax }), {
    error: issueWords,
  });
  const found = (error?.issues ?? [])
    .flatMap((issue) => flatten(issue))
    .map(
      ({ path, about, message }): PolicyProblem => ({
        ...(about === 'key' ? keyPositionOf(parsed, path) : positionOf(parsed, path)),
        path: pathText(path),
        message,
      }),
    );
  const problems = inOrder([...syntax, ...hiddenFlaws(parsed), ...firstOfEach(found)]);
  if (data === undefined || problems.length > 0) return { problems };
  const placed = ({ path, message }: Warning): PolicyProblem => ({
    ...positionOf(parsed, path),
    path: pathText(path),
    message,
  });
  const beyond = able.images ? [] : imagesOf(data).map(placed);
  if (beyond.length > 0) return { problems: inOrder(beyond) };
  const warnings = policyWarnings(data).map(placed);
  return { policy: { ...data, hash }, warnings };
}

/** Nothing is ignored silently: an image that no sandbox would be made of is a problem. */
function imagesOf(policy: PolicyDocument): readonly Warning[] {
  return Object.entries(policy.targets).flatMap(([name, { sandbox }]) => {
    if (sandbox.image === undefined) return [];
    const message =
      "the local driver uses the host's /usr: set PROD_ACCESS_SANDBOX=docker, or remove the image";
    return [{ path: ['targets', name, 'sandbox', 'image'], message }];
  });
}

/** What the schema would pass over without a word: this one key, and a part that holds itself. */
function hiddenFlaws({ document, lines }: Parsed): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const tell = (offset: number | undefined, message: string): void => {
    problems.push({ ...at(lines, offset ?? 0), path: '', message });
  };
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key) && key.value === '__proto__') tell(key.range?.[0], '"__proto__" is not a known key');
    },
    Alias: (_, alias, around) => {
      const source = alias.resolve(document);
      if (source !== undefined && around.includes(source))
        tell(alias.range?.[0], 'stands for a part that it is in');
    },
  });
  return problems;
}

/** A value that is wrong in itself is also a name that nothing bears: once is enough. */
function firstOfEach(problems: readonly PolicyProblem[]): readonly PolicyProblem[] {
  return problems.filter((each, index) => problems.findIndex(({ path }) => path === each.path) === index);
}

function inOrder(problems: readonly PolicyProblem[]): readonly PolicyProblem[] {
  return problems.toSorted((one, other) => one.line - other.line || one.column - other.column);
}

function utf8Of(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
