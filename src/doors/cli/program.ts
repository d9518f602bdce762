/**
 * The command line: one verb per file, put together here. `runCli` turns what a verb returns or throws into an exit
 * code and a sentence; nothing else does.
 */
import { Command, CommanderError } from 'commander';
import { accessListVerb } from './access-list.ts';
import { accessRevokeVerb } from './access-revoke.ts';
import { accessShowVerb } from './access-show.ts';
import { auditExportVerb } from './audit-export.ts';
import { auditTailVerb } from './audit-tail.ts';
import { auditVerifyVerb } from './audit-verify.ts';
import type { CliDeps } from './deps.ts';
import { exit, exitHelp, helpEnd, plain, printLine, send } from './output.ts';
import { policyCheckVerb } from './policy-check.ts';
import { policyExplainVerb } from './policy-explain.ts';
import { policySchemaVerb } from './policy-schema.ts';
import { demoVerb, doctorVerb, serveVerb, sweepVerb } from './processes.ts';
import type { Verb } from './verb.ts';
import { WrongConfig } from './wrong-config.ts';

/** `finish` is given the exit code of the verb that ran. */
export function buildProgram(deps: CliDeps, finish: (code: number) => void): Command {
  const program = new Command('prod-access')
    .description('Temporary, approved, isolated and recorded access to production, asked for in Slack.')
    .version(deps.version)
    .configureOutput({
      writeOut: (text) => deps.stdout.write(text),
      writeErr: (text) => deps.stderr.write(text),
    })
    .showHelpAfterError('(add --help to see how it is used)')
    .exitOverride()
    .addHelpText(
      'after',
      `\nNew here? "prod-access demo" shows everything on this machine, "prod-access doctor" says what a real\ninstall still lacks, "prod-access <verb> --help" has an example for each verb.\n\n${exitHelp}`,
    );
  const add = (parent: Command, verb: Verb): void => verb(parent, deps, finish);

  add(program, serveVerb);
  add(program, demoVerb);
  add(program, doctorVerb);
  const group = (name: string, about: string, example: string): Command =>
    program.command(name).description(about).addHelpText('after', helpEnd(example));
  const policy = group('policy', 'check, explain and describe the policy file', 'policy check policy.yaml');
  for (const verb of [policyCheckVerb, policyExplainVerb, policySchemaVerb]) add(policy, verb);
  const access = group('access', 'list, show and end accesses, as an operator', 'access list');
  for (const verb of [accessListVerb, accessShowVerb, accessRevokeVerb]) add(access, verb);
  const audit = group('audit', 'read, verify and export the audit trail', 'audit verify');
  for (const verb of [auditTailVerb, auditVerifyVerb, auditExportVerb]) add(audit, verb);
  add(program, sweepVerb);
  return program;
}

/** `args` are the arguments after the program's name. Gives the exit code; a bug is thrown. */
export async function runCli(args: readonly string[], deps: CliDeps): Promise<number> {
  let code: number = exit.ok;
  // A reader that went away is told by the write that failed; unheard, the event would end the process.
  for (const out of [deps.stdout, deps.stderr]) out.on?.('error', () => {});
  const program = buildProgram(deps, (finished) => {
    code = finished;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    // Whoever exits the process now must not cut off what is still on its way.
    await send(deps.stdout, '');
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Its own errors commander has printed already.
      if (!error.code.startsWith('commander.')) printLine(deps.stderr, plain(error.message));
      return error.exitCode === 0 ? exit.ok : exit.usage;
    }
    if (error instanceof WrongConfig) {
      deps.stderr.write(error.message);
      return exit.config;
    }
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return code;
    if (isFault(error)) {
      printLine(deps.stderr, `Not available: ${plain(error.message)}`);
      return exit.unavailable;
    }
    throw error;
  }
}

/** What a port throws when the world failed, or the operating system about a file. */
function isFault(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && ('retryable' in error || 'syscall' in error);
}
