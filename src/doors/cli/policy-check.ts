/** `policy check`: everything that is wrong with a policy file, at once. */
import { exit, helpEnd, printJson, printLine } from './output.ts';
import { printProblems, readPolicyFile } from './policy-file.ts';
import { jsonFlag, type Verb, type WithJson } from './verb.ts';

export const policyCheckVerb: Verb = (parent, deps, finish) => {
  parent
    .command('check')
    .summary('say everything that is wrong with a policy file')
    .description(
      'Reads a policy file as "serve" does and prints every problem as file:line:column: message. Warnings do not fail it.',
    )
    .argument('<file>', 'the policy file')
    .option(...jsonFlag)
    .addHelpText('after', helpEnd('policy check policy.yaml'))
    .action(async (file: string, { json }: WithJson) => {
      const read = await readPolicyFile(deps, file);
      if ('problems' in read) {
        if (json) printJson(deps.stdout, { file, ok: false, problems: read.problems });
        else printProblems(deps, file, read.problems);
        finish(exit.config);
        return;
      }
      const { policy, warnings } = read;
      const counts = {
        targets: Object.keys(policy.targets).length,
        groups: Object.keys(policy.groups).length,
        rules: policy.rules.length,
      };
      if (json) {
        printJson(deps.stdout, { file, ok: true, hash: policy.hash, ...counts, warnings });
      } else {
        printProblems(deps, file, warnings, 'warning: ');
        const { targets, groups, rules } = counts;
        printLine(
          deps.stdout,
          `${file}: ok (targets: ${targets}, groups: ${groups}, rules: ${rules}, hash ${policy.hash.slice(0, 12)})`,
        );
      }
      finish(exit.ok);
    });
};
