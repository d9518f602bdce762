/** `serve`, `demo`, `doctor` and `sweep`: the verbs that start something. */
import { InvalidArgumentError } from 'commander';
import { readConfig } from '../../config.ts';
import { type Misses, sweepLedger, sweepWorld } from '../../flow/sweep.ts';
import { exit, helpEnd, plain, printJson, printLine } from './output.ts';
import { jsonFlag, type Verb, type WithJson } from './verb.ts';
import { serveConfig } from './wrong-config.ts';

export const serveVerb: Verb = (parent, deps, finish) => {
  parent
    .command('serve')
    .summary('run the bot')
    .description(
      'Runs the bot until it is told to stop (SIGTERM or SIGINT). Its configuration comes from the environment and from .env in the working directory. It logs JSON lines.',
    )
    .option('--json', 'the log is JSON anyway')
    .addHelpText('after', helpEnd('serve'))
    .action(async () => finish(await deps.serve(serveConfig(deps))));
};

export const demoVerb: Verb = (parent, deps, finish) => {
  parent
    .command('demo')
    .summary('try everything on this machine, without Slack or AWS')
    .description(
      'Opens a playground: a look-alike Slack workspace in the browser, a look-alike AWS, a real Redis and a real sandbox. Nothing of it leaves this machine.',
    )
    .option('--port <port>', 'where the playground listens', portOf)
    .option(...jsonFlag)
    .addHelpText('after', helpEnd('demo', 'demo --port 8080'))
    .action(async ({ port, json }: WithJson & { port?: number }) =>
      finish(await deps.demo({ json: json === true, ...(port === undefined ? {} : { port }) })),
    );
};

export const doctorVerb: Verb = (parent, deps, finish) => {
  parent
    .command('doctor')
    .summary('say what this install still lacks, and what to do about it')
    .description(
      'Looks at the configuration, Redis, Slack, AWS and the sandbox host, changes nothing, and says of each what is fine, what is not, and what to do.',
    )
    .option(...jsonFlag)
    .addHelpText('after', helpEnd('doctor'))
    .action(async ({ json }: WithJson) =>
      finish(await deps.doctor(readConfig(deps.env), { json: json === true, out: deps.stdout })),
    );
};

export const sweepVerb: Verb = (parent, deps, finish) => {
  parent
    .command('sweep')
    .summary('make the world match the ledger, once')
    .description(
      'Does once what the bot does all the time: whatever is due and not done is done, and roles and sandboxes that should not stand are taken away. Safe to run beside the bot.',
    )
    .option(...jsonFlag)
    .addHelpText('after', helpEnd('sweep'))
    .action(async ({ json }: WithJson) => {
      await using flow = await deps.openFlow(serveConfig(deps));
      const before = await flow.ledger.head();
      const misses: Misses = new Map();
      const troubles: string[] = [];
      const warn = (...said: readonly unknown[]): void => {
        troubles.push(
          plain(said.map((each) => (typeof each === 'string' ? each : detailOf(each))).join(' ')),
        );
      };
      const log = { ...quiet, warn, error: warn };
      await sweepLedger({ ...flow, log }, misses);
      await sweepWorld({ ...flow, log }, misses);
      const after = await flow.ledger.head();
      const written = after.chain === before.chain ? after.seq - before.seq : after.seq;
      if (json) printJson(deps.stdout, { entries: written, troubles });
      else {
        for (const trouble of troubles) printLine(deps.stdout, `not done: ${trouble}`);
        printLine(
          deps.stdout,
          `${troubles.length === 0 ? 'Swept' : 'Swept in part'}: ${written} new entries in the trail.`,
        );
      }
      finish(troubles.length === 0 ? exit.ok : exit.unavailable);
    });
};

const quiet = { info: () => {}, debug: () => {} };

function detailOf(said: unknown): string {
  if (typeof said !== 'object' || said === null) return String(said);
  return Object.entries(said)
    .map(([name, value]) => `${name}=${value instanceof Error ? value.message : String(value)}`)
    .join(' ');
}

function portOf(text: string): number {
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('It must be a port from 0 to 65535.');
}
