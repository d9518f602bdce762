/** `audit export`: the whole trail as a file that anybody can verify without us. */
import { createPublicKey } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { publicKeyText } from '../../domain/audit.ts';
import { exportTrail } from '../../flow/trail-export.ts';
import type { CliDeps } from './deps.ts';
import { exit, helpEnd, printJson, printLine } from './output.ts';
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
        const count = out === undefined ? await toStdout(deps, lines) : await toFile(out, lines);
        // The header is no entry.
        const entries = count - 1;
        if (out !== undefined) {
          const { seq, hash } = await ledger.head();
          if (json) printJson(deps.stdout, { file: out, entries, key });
          else
            printLine(
              deps.stdout,
              `${entries} entries in ${out}. Verify it anywhere: prod-access audit verify --file ${out} --key ${key}\nKeep this outside too, to find a cut: --head ${seq}:${hash}`,
            );
        }
        finish(exit.ok);
      });
    });
};

async function toStdout({ stdout }: CliDeps, lines: AsyncIterable<string>): Promise<number> {
  let count = 0;
  for await (const line of lines) {
    printLine(stdout, line);
    count += 1;
  }
  return count;
}

async function toFile(path: string, lines: AsyncIterable<string>): Promise<number> {
  const partial = `${path}.partial`;
  const file = await open(partial, 'w', 0o600);
  let count = 0;
  try {
    for await (const line of lines) {
      await file.write(`${line}\n`);
      count += 1;
    }
    await file.sync();
    await file.close();
    await rename(partial, path);
    return count;
  } catch (error) {
    await file.close().catch(() => {});
    await rm(partial, { force: true });
    throw error;
  }
}
