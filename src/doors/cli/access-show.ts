/** `access show`: one access, and what the signed trail tells of it. */
import { isRefused } from '../../domain/refusal.ts';
import { findAccess } from '../../flow/find-access.ts';
import { detailRows } from './access-words.ts';
import { entryText } from './entry-text.ts';
import { exit, helpEnd, plain, printJson, printLine, refusalText, table } from './output.ts';
import { quietLog } from './quiet-log.ts';
import { jsonFlag, type Verb, type WithJson } from './verb.ts';
import { withStore } from './wrong-config.ts';

export const accessShowVerb: Verb = (parent, deps, finish) => {
  parent
    .command('show')
    .summary('show one access and its trail')
    .description('Shows one access and every entry of the trail about it, after verifying them.')
    .argument('<id>', 'the id of the access, or the beginning of one')
    .option(...jsonFlag)
    .addHelpText('after', helpEnd('access show acc_k3v5'))
    .action(async (id: string, { json }: WithJson) => {
      await withStore(deps, async ({ ledger }) => {
        const found = await findAccess({ ledger, clock: deps.clock, log: quietLog }, id);
        if (isRefused(found)) {
          if (json) printJson(deps.stdout, found);
          else printLine(deps.stderr, refusalText(found.refused));
          finish(exit.refused);
          return;
        }
        const evidence = await ledger.evidence(found);
        if (json) {
          printJson(deps.stdout, { access: found.access, version: found.version, ...evidence });
        } else {
          deps.stdout.write(table(detailRows(found.access, deps.clock.now())));
          if ('entries' in evidence) {
            for (const entry of evidence.entries) printLine(deps.stdout, entryText(entry));
          } else printLine(deps.stderr, `Its trail does not verify: ${plain(evidence.flaw)}`);
        }
        finish('entries' in evidence ? exit.ok : exit.refused);
      });
    });
};
