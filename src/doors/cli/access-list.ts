/** `access list`: the accesses that are not over, or the newest of all. */
import { isFinished } from '../../domain/access.ts';
import { isStored } from '../../ports/ledger.ts';
import { listHead, listRow } from './access-words.ts';
import { exit, helpEnd, printJson, printLine, table } from './output.ts';
import { jsonFlag, type Verb, type WithJson } from './verb.ts';
import { withStore } from './wrong-config.ts';

/** How many `--all` shows. */
const newestMax = 100;

export const accessListVerb: Verb = (parent, deps, finish) => {
  parent
    .command('list')
    .summary('list the accesses that are not over')
    .description(
      'Lists the accesses that are waiting, being opened, active or being taken away, oldest first.',
    )
    .option('--all', `the newest ${newestMax}, also those that are over`)
    .option(...jsonFlag)
    .addHelpText('after', helpEnd('access list', 'access list --all --json'))
    .action(async ({ all, json }: WithJson & { all?: true }) => {
      await withStore(deps, async ({ ledger }) => {
        const ids = all ? await ledger.recent(newestMax) : await ledger.unfinished();
        const reads = await Promise.all(ids.map(async (id) => ({ id, read: await ledger.read(id) })));
        const altered = reads.filter(({ read }) => read !== 'absent' && !isStored(read)).map(({ id }) => id);
        const accesses = reads
          .flatMap(({ read }) => (isStored(read) ? [read.access] : []))
          .filter((access) => all || !isFinished(access))
          .sort((one, other) => one.request.askedAt - other.request.askedAt);
        if (json) {
          printJson(deps.stdout, { accesses, altered });
        } else {
          const rows = accesses.map((access) => listRow(access, deps.clock.now()));
          if (rows.length > 0) deps.stdout.write(table([listHead, ...rows]));
          else printLine(deps.stdout, all ? 'No accesses yet.' : 'No access is open or waiting.');
          for (const id of altered)
            printLine(deps.stderr, `${id}: its record in Redis was altered; it is refused`);
        }
        finish(altered.length === 0 ? exit.ok : exit.refused);
      });
    });
};
