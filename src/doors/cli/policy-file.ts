/** Reads a policy file that was named on the command line, and tells what is wrong with it. */
import { readFile } from 'node:fs/promises';
import type { CliDeps, PolicyProblemLine, ReadPolicy } from './deps.ts';
import { plain, printLine } from './output.ts';

export async function readPolicyFile(
  deps: Pick<CliDeps, 'readPolicy'>,
  file: string,
): Promise<ReturnType<ReadPolicy>> {
  try {
    return deps.readPolicy(await readFile(file), file);
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    return { problems: [{ line: 1, column: 1, path: '', message: `cannot be read: ${error.message}` }] };
  }
}

/** `file:line:column: path: message`, which editors and terminals turn into a link. */
export function printProblems(
  deps: Pick<CliDeps, 'stdout'>,
  file: string,
  problems: readonly PolicyProblemLine[],
  kind = '',
): void {
  for (const { line, column, path, message } of problems) {
    const where = path === '' ? '' : `${path}: `;
    printLine(deps.stdout, `${file}:${line}:${column}: ${kind}${plain(`${where}${message}`)}`);
  }
}
