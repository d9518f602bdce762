/** `access revoke`: an operator takes an access away. The record names them as `cli:<user>`. */
import type { Actor } from '../../domain/audit.ts';
import { isRefused } from '../../domain/refusal.ts';
import { revoke } from '../../flow/end-early.ts';
import { findAccess } from '../../flow/find-access.ts';
import type { Directory } from '../../ports/directory.ts';
import type { PolicySource } from '../../ports/policy-source.ts';
import { exit, helpEnd, printJson, printLine, refusalText } from './output.ts';
import { quietLog } from './quiet-log.ts';
import { jsonFlag, type Verb, type WithJson } from './verb.ts';
import { withStore } from './wrong-config.ts';

export const accessRevokeVerb: Verb = (parent, deps, finish) => {
  parent
    .command('revoke')
    .summary('take an access away, or reject one that waits')
    .description(
      'Ends an access now, as an operator: whoever has the signing key and Redis may. The running bot takes the grant and the sandbox away; "access show" tells when both were read back to be gone.',
    )
    .argument('<id>', 'the id of the access, or the beginning of one')
    .option('--reason <text>', 'why; it stands in the trail and is told to the requester')
    .option(...jsonFlag)
    .addHelpText('after', helpEnd('access revoke acc_k3v5 --reason "laptop stolen"'))
    .action(async (id: string, { reason, json }: WithJson & { reason?: string }) => {
      await withStore(deps, async ({ ledger, timers }) => {
        const flow = { ledger, timers, directory, policy, clock: deps.clock, log: quietLog };
        const found = await findAccess(flow, id);
        const operator: Actor = { kind: 'system', id: `cli:${deps.user}`, name: deps.user };
        const outcome = isRefused(found)
          ? found
          : await revoke(flow, {
              access: found.access.request.id,
              by: { operator },
              ...(reason === undefined ? {} : { why: reason }),
            });
        if (isRefused(outcome)) {
          if (json) printJson(deps.stdout, outcome);
          else printLine(deps.stderr, refusalText(outcome.refused));
          finish(exit.refused);
          return;
        }
        const { state, request } = outcome.access;
        if (json) printJson(deps.stdout, { access: request.id, state });
        else
          printLine(
            deps.stdout,
            state === 'rejected'
              ? `${request.id} was rejected. Nothing had been granted.`
              : `${request.id} is being taken away. "prod-access access show ${request.id}" tells when it is gone.`,
          );
        finish(exit.ok);
      });
    });
};

/** An operator is trusted as the host is: neither is asked, and whoever asked them would be denied. */
const directory: Directory = {
  facts: async (_, groups, people) => ({
    team: '',
    members: {},
    accounts: {},
    missing: [...groups, ...people],
  }),
};
const policy: PolicySource = {
  current: () => {
    throw new Error('the command line holds no policy');
  },
};
