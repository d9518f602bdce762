/**
 * Whether every name in a policy stands for something in it. Reads whatever it is given, also a document with other
 * flaws, so that all problems can be reported at once; of what has the wrong shape it says nothing.
 */

type Kind = 'groups' | 'targets';

export type NameFlaw = {
  /** What the name should have been one of. */
  readonly kind: Kind;
  readonly path: readonly (string | number)[];
  readonly message: string;
};

/** A name of another form is reported as such; `*` is none. */
const nameForm = /^[a-z0-9-]+$/;

export function nameFlaws(document: unknown): readonly NameFlaw[] {
  const groups = mapAt(document, 'groups');
  const targets = mapAt(document, 'targets');
  const flaws: NameFlaw[] = [];
  const look = (names: unknown, known: object, kind: Kind, path: NameFlaw['path']): void => {
    for (const [index, name] of listOf(names).entries()) {
      if (typeof name !== 'string' || !nameForm.test(name) || Object.hasOwn(known, name)) continue;
      flaws.push({ kind, path: [...path, index], message: `"${name}" is not one of the ${kind}` });
    }
  };
  for (const [name, target] of Object.entries(targets)) {
    look(partOf(target, 'requesters'), groups, 'groups', ['targets', name, 'requesters']);
    look(partOf(target, 'reviewers'), groups, 'groups', ['targets', name, 'reviewers']);
    for (const [index, line] of listOf(partOf(target, 'approvers')).entries())
      look(partOf(line, 'from'), groups, 'groups', ['targets', name, 'approvers', index, 'from']);
  }
  for (const [index, rule] of listOf(partOf(document, 'rules')).entries()) {
    for (const kind of ['deny', 'approve'] as const) {
      const body = partOf(rule, kind);
      look(partOf(body, 'requesters'), groups, 'groups', ['rules', index, kind, 'requesters']);
      look(partOf(body, 'targets'), targets, 'targets', ['rules', index, kind, 'targets']);
    }
  }
  return flaws;
}

function partOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return value[key as keyof typeof value];
}

function mapAt(value: unknown, key: string): object {
  const part = partOf(value, key);
  return typeof part === 'object' && part !== null && !Array.isArray(part) ? part : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
