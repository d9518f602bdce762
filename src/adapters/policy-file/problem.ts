/** One thing wrong with a policy file, where it stands, and how it is told. */

export type PolicyProblem = {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Such as `targets.payments-db.approvers[0].from`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
};

/** `file:line:column: path message`, which editors and terminals turn into a link. */
export function problemText(file: string, { line, column, path, message }: PolicyProblem): string {
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
}

/** The policy that the bot was to start with is broken: it does not start. */
export class PolicyProblems extends Error {
  override readonly name = 'PolicyProblems';
  readonly file: string;
  readonly problems: readonly PolicyProblem[];

  constructor(file: string, problems: readonly PolicyProblem[]) {
    super(problems.map((problem) => problemText(file, problem)).join('\n'));
    this.file = file;
    this.problems = problems;
  }
}
