/**
 * What the command line prints and the exit codes it ends with. Text from the trail, the policy or a person is made
 * plain first: a terminal obeys control characters.
 */

import type { Refusal } from '../../domain/refusal.ts';
import { cleanText } from '../../domain/request.ts';
import { plainRefusal } from '../../words/refusals.ts';
import type { Out } from './deps.ts';

export const exit = { ok: 0, refused: 1, usage: 64, unavailable: 69, config: 78 } as const;

export const exitHelp =
  'Exit codes: 0 fine, 1 refused or flaws found, 64 wrong usage, 69 something is unavailable, 75 start it anew (serve only), 78 wrong configuration.';

/** A usage example and the exit codes, at the end of a verb's help. */
export function helpEnd(...examples: readonly string[]): string {
  const heading = examples.length === 1 ? 'Example:' : 'Examples:';
  return `\n${heading}\n${examples.map((each) => `  $ prod-access ${each}\n`).join('')}\n${exitHelp}`;
}

export function printLine(out: Out, text: string): void {
  out.write(`${text}\n`);
}

/** Prints and waits until it has left the process; rejects where nobody reads any more. */
export function send(out: Out, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    out.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

export function printJson(out: Out, value: unknown): void {
  out.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** Safe to show in a terminal, in one line. */
export function plain(text: string): string {
  return cleanText(text);
}

export function refusalText(refusal: Refusal): string {
  if (refusal.code === 'no-such-access' && /^(acc_?)?$/.test(refusal.text))
    return 'All ids begin with acc_: write some of what follows.';
  if (refusal.code === 'no-such-access')
    return `There is no access ${plain(refusal.text)}. "prod-access access list --all" shows what there is.`;
  return plain(plainRefusal(refusal));
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<readonly number[]>(
    (most, row) => row.map((cell, at) => Math.max(most[at] ?? 0, [...cell].length)),
    [],
  );
  return rows
    .map((row) =>
      row.map((cell, at) => cell.padEnd(at === row.length - 1 ? 0 : (widths[at] ?? 0))).join('  '),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}
