/** `policy schema`: the JSON Schema of the policy file, for editors. */
import { policyJsonSchema } from '../../domain/policy.ts';
import { exit, helpEnd, printJson } from './output.ts';
import { jsonFlag, type Verb } from './verb.ts';

export const policySchemaVerb: Verb = (parent, deps, finish) => {
  parent
    .command('schema')
    .summary("print the policy file's JSON Schema, for editors")
    .description(
      'Prints the JSON Schema of the policy file. Editors complete and check with it: begin the file with "# yaml-language-server: $schema=policy.schema.json". "policy check" finds more than a schema can say.',
    )
    .option(...jsonFlag)
    .addHelpText('after', helpEnd('policy schema > policy.schema.json'))
    .action(() => {
      printJson(deps.stdout, policyJsonSchema());
      finish(exit.ok);
    });
};
