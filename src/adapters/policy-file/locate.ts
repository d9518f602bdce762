/** Finds where in the YAML text a path of the policy stands. Anything not found is said of the nearest part around it. */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
} from 'yaml';

export type Path = readonly PropertyKey[];
export type Position = { readonly line: number; readonly column: number };
export type Parsed = { readonly document: Document; readonly lines: LineCounter };

/** Where the value at `path` stands: a plain value itself, a map or list by its key. */
export function positionOf({ document, lines }: Parsed, path: Path): Position {
  let node = resolve(document, document.contents);
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    const next = child(document, node, step);
    if (next === undefined) break;
    node = next.value;
    offset = (isCollection(node) ? next.offset : startOf(node)) ?? next.offset ?? offset;
  }
  return at(lines, offset);
}

/** Where the key that is the last step of `path` stands. */
export function keyPositionOf(parsed: Parsed, path: Path): Position {
  const last = path.at(-1);
  const parent = path
    .slice(0, -1)
    .reduce<Node | undefined>(
      (node, step) => child(parsed.document, node, step)?.value,
      resolve(parsed.document, parsed.document.contents),
    );
  const offset = last === undefined ? undefined : child(parsed.document, parent, last)?.offset;
  return offset === undefined ? positionOf(parsed, path.slice(0, -1)) : at(parsed.lines, offset);
}

export function at(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** `targets.payments-db.approvers[0]` */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}

type Child = { readonly value: Node | undefined; readonly offset: number | undefined };

function child(document: Document, node: Node | undefined, step: PropertyKey): Child | undefined {
  if (isSeq(node) && typeof step === 'number') {
    const item = node.items[step];
    if (item === undefined) return undefined;
    return { value: resolve(document, item), offset: startOf(item) };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.findLast(({ key }) => isScalar(key) && String(key.value) === String(step));
  if (pair === undefined) return undefined;
  return { value: resolve(document, pair.value), offset: startOf(pair.key) };
}

function resolve(document: Document, node: unknown): Node | undefined {
  const target = isAlias(node) ? node.resolve(document) : node;
  return isScalar(target) || isCollection(target) ? target : undefined;
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isCollection(node) || isAlias(node) ? node.range?.[0] : undefined;
}
