/** Gives the command line its world: the environment, the store, and the processes that verbs start. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { queueTimers } from './adapters/bullmq/timers.ts';
import { fileWitness } from './adapters/files/witness-file.ts';
import { parsePolicy } from './adapters/policy-file/parse-policy.ts';
import { PolicyProblems } from './adapters/policy-file/problem.ts';
import { slackClient } from './adapters/slack/client.ts';
import { slackIdentity } from './adapters/slack/identity.ts';
import { slackTrailChannel } from './adapters/slack/trail-channel.ts';
import { systemClock } from './adapters/system-clock.ts';
import { openApp } from './app.ts';
import { assemble, CannotStart } from './assemble.ts';
import { type Config, type Environment, type LedgerConfig, loadEnvironment, readConfig } from './config.ts';
import { examine } from './doctor.ts';
import type { Head } from './domain/audit.ts';
import type { CliDeps, CliStore } from './doors/cli/deps.ts';
import { runCli } from './doors/cli/program.ts';
import { makeLog } from './log.ts';
import { openStore } from './store.ts';

const exitConfig = 78;
const exitUnavailable = 69;
/** The queue is dead and Redis is not: the supervisor is asked to start the process anew. */
const exitTryAgain = 75;

export async function runCommandLine(args: readonly string[], signal: AbortSignal): Promise<number> {
  try {
    return await runCli(args, depsFor(signal));
  } catch (error) {
    if (error instanceof PolicyProblems) {
      process.stderr.write(`${error.message}\n`);
      return exitConfig;
    }
    if (!(error instanceof CannotStart)) throw error;
    process.stderr.write(`${error.message}\n`);
    return exitUnavailable;
  }
}

function depsFor(signal: AbortSignal): CliDeps {
  const env = loadEnvironment();
  return {
    env,
    stdout: process.stdout,
    stderr: process.stderr,
    clock: systemClock,
    user: userInfo().username,
    signal,
    version: versionOf(),
    readPolicy: (content, path) => parsePolicy(content, path),
    openStore: (config) => openCliStore(config, env),
    openFlow: async (config) => {
      const assembly = await assemble(config, pino({ level: 'silent' }), { announce: false });
      return { ...assembly.flow, [Symbol.asyncDispose]: () => assembly[Symbol.asyncDispose]() };
    },
    serve: (config) => serve(config, signal),
    demo: async ({ port }) => {
      // The playground is no part of the bot: it is loaded only where it is asked for.
      const { demoUntilSignal } = await import('./playground/demo.ts');
      return demoUntilSignal({ stdout: process.stdout, ...(port === undefined ? {} : { port }) });
    },
    doctor: async (config, { json, out }) => {
      const findings = await examine(config);
      if (json) out.write(`${JSON.stringify(findings, undefined, 2)}\n`);
      for (const { check, ok, says, remedy } of json ? [] : findings) {
        out.write(
          `${ok ? 'ok   ' : 'WRONG'}  ${check}: ${says}\n${ok || remedy === undefined ? '' : `         ${remedy}\n`}`,
        );
      }
      if (findings.every(({ ok }) => ok)) return 0;
      return 'problems' in config ? exitConfig : 1;
    },
  };
}

/** The audit channel as a witness, where the environment has all that it takes to read it. */
function channelWitness(env: Environment): readonly (() => Promise<Head | undefined>)[] {
  const config = readConfig(env);
  if ('problems' in config) return [];
  const client = slackClient({ token: config.slack.botToken, apiUrl: config.slack.apiUrl });
  const channel = async (): Promise<Head | undefined> => {
    const parsed = parsePolicy(await readFile(config.policyPath), config.policyPath);
    if ('problems' in parsed) return undefined;
    const { audit } = parsed.policy.channels;
    const identity = slackIdentity(client);
    return slackTrailChannel({ client, channel: () => audit, identity, clock: systemClock, gapMs: 0 }).last();
  };
  return [channel];
}

function openCliStore(config: LedgerConfig, env: Environment): CliStore {
  const store = openStore(config);
  const timers = queueTimers(store.redis, systemClock);
  const witness = fileWitness(join(config.dataDir, 'witness.json'));
  return {
    ledger: store.ledger,
    timers,
    witnesses: [() => witness.last(), ...channelWitness(env)],
    [Symbol.asyncDispose]: async () => {
      await timers[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

async function serve(config: Config, signal: AbortSignal): Promise<number> {
  const log = makeLog(config.logLevel);
  await using app = await openApp(config, log);
  const why = await Promise.race([aborted(signal), app.mustRestart]);
  log.info({ why }, 'stopping');
  return signal.aborted ? 0 : exitTryAgain;
}

function aborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('a signal');
    signal.addEventListener('abort', () => resolve('a signal'), { once: true });
  });
}

function versionOf(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
