/** `audit tail`: the newest entries, and with `--follow` those to come. */
import { InvalidArgumentError } from 'commander';
import type { Head } from '../../domain/audit.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { CliDeps } from './deps.ts';
import { entryText } from './entry-text.ts';
import { exit, helpEnd, send } from './output.ts';
import type { Verb, WithJson } from './verb.ts';
import { withStore } from './wrong-config.ts';

const pageSize = 200;
const lookEveryMs = 500;

type Options = WithJson & { readonly follow?: true; readonly lines: number };

export const auditTailVerb: Verb = (parent, deps, finish) => {
  parent
    .command('tail')
    .summary('print the newest entries of the audit trail')
    .description(
      'Prints the newest entries of the audit trail, one a line: number, start of the hash, time, action, what and who. It shows and does not verify: that is "audit verify".',
    )
    .option('-f, --follow', 'go on with what comes, until interrupted')
    .option('-n, --lines <count>', 'how many to begin with', countOf, 20)
    .option('--json', 'print one JSON object a line, with the signature beside the entry')
    .addHelpText('after', helpEnd('audit tail -n 50', 'audit tail -f --json'))
    .action(async (options: Options) => {
      await withStore(deps, async ({ ledger }) => {
        const { chain, seq } = await ledger.head();
        let at = await printAfter(deps, ledger, { chain, seq: Math.max(0, seq - options.lines) }, options);
        while (options.follow && !deps.signal.aborted) {
          await deps.clock.sleep(lookEveryMs, deps.signal).catch(() => {});
          if (deps.signal.aborted) break;
          const head = await ledger.head();
          // A new chain is told from its beginning: its first entry says why.
          at = await printAfter(
            deps,
            ledger,
            head.chain === at.chain ? at : { chain: head.chain, seq: 0 },
            options,
          );
        }
        finish(exit.ok);
      });
    });
};

type Place = Pick<Head, 'chain' | 'seq'>;

async function printAfter(deps: CliDeps, ledger: Ledger, from: Place, { json }: WithJson): Promise<Place> {
  let at = from;
  for (;;) {
    const page = await ledger.trail(at.seq, pageSize);
    for (const line of page)
      await send(deps.stdout, `${json ? JSON.stringify(line) : entryText(line.entry)}\n`);
    const last = page.at(-1)?.entry;
    if (last === undefined) return at;
    at = { chain: last.chain, seq: last.seq };
    if (page.length < pageSize) return at;
  }
}

function countOf(text: string): number {
  if (/^[0-9]{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}
