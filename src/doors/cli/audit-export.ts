/** `audit export`: the whole trail as a file that anybody can verify without us. */
import { createPublicKey } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { headOf, publicKeyText } from '../../domain/audit.ts';
import { readEntry } from '../../domain/verify-chain.ts';
import { exportTrail } from '../../flow/trail-export.ts';
import type { CliDeps } from './deps.ts';
import { exit, helpEnd, printJson, printLine, send } from './output.ts';
import type { Verb, WithJson } from './verb.ts';
import { withStore } from './wrong-config.ts';

export const auditExportVerb: Verb = (parent, deps, finish) => {
  parent
    .command('export')
    .summary('write the whole audit trail as JSON lines')
    .description(
      'Writes the whole trail as JSON lines, with signatures: to the standard output, or with --out to a file that appears only once it is complete. docs/audit-format.md tells how to verify it without prod-access.',
    )
    .option('--out <file>', 'where to write it')
    .option('--json', 'with --out, print JSON about it; an export itself is JSON anyway')
    .addHelpText('after', helpEnd('audit export --out trail.jsonl'))
    .action(async ({ out, json }: WithJson & { out?: string }) => {
      await withStore(deps, async ({ ledger }, { signingKey }) => {
        const key = publicKeyText(createPublicKey(signingKey));
        const lines = exportTrail({ ledger }, [key]);
        const { count, last } = out === undefined ? await toStdout(deps, lines) : await toFile(out, lines);
        // The header is no entry.
        const entries = count - 1;
        if (out !== undefined) {
          const head = readEntry(JSON.stringify(JSON.parse(last).entry ?? null));
          if (json)
            printJson(deps.stdout, {
              file: out,
              entries,
              key,
              ...(head === undefined ? {} : { head: headOf(head) }),
            });
          else {
            printLine(deps.stdout, `${entries} entries in ${out}. Verify it anywhere:`);
            printLine(deps.stdout, `  prod-access audit verify --file ${out} --key ${key}`);
            if (head !== undefined)
              printLine(deps.stdout, `Keep this outside too, to find a cut: --head ${head.seq}:${head.hash}`);
          }
        }
        finish(exit.ok);
      });
    });
};

type Written = { readonly count: number; readonly last: string };

async function toStdout({ stdout }: CliDeps, lines: AsyncIterable<string>): Promise<Written> {
  return each(lines, (line) => send(stdout, `${line}\n`));
}

async function toFile(path: string, lines: AsyncIterable<string>): Promise<Written> {
  const partial = `${path}.partial`;
  const file = await open(partial, 'w', 0o600);
  try {
    const written = await each(lines, async (line) => {
      await file.write(`${line}\n`);
    });
    await file.sync();
    await file.close();
    await rename(partial, path);
    return written;
  } catch (error) {
    await file.close().catch(() => {});
    await rm(partial, { force: true });
    throw error;
  }
}

async function each(lines: AsyncIterable<string>, write: (line: string) => Promise<void>): Promise<Written> {
  let written: Written = { count: 0, last: '' };
  for await (const line of lines) {
    await write(line);
    written = { count: written.count + 1, last: line };
  }
  return written;
}
