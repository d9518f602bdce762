/** Gives the command line its world: the environment, the store, and the processes that verbs start. */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { queueTimers } from './adapters/bullmq/timers.ts';
import { fileWitness } from './adapters/files/witness-file.ts';
import { parsePolicy } from './adapters/policy-file/parse-policy.ts';
import { PolicyProblems } from './adapters/policy-file/problem.ts';
import { systemClock } from './adapters/system-clock.ts';
import { openApp } from './app.ts';
import { assemble, CannotStart } from './assemble.ts';
import { type Config, type LedgerConfig, loadEnvironment } from './config.ts';
import { examine } from './doctor.ts';
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
  return {
    env: loadEnvironment(),
    stdout: process.stdout,
    stderr: process.stderr,
    clock: systemClock,
    user: userInfo().username,
    signal,
    version: versionOf(),
    readPolicy: (content, path) => parsePolicy(content, path),
    openStore: openCliStore,
    openFlow: async (config) => {
      const assembly = await assemble(config, pino({ level: 'silent' }), { announce: false });
      return { ...assembly.flow, [Symbol.asyncDispose]: () => assembly[Symbol.asyncDispose]() };
    },
    serve: (config) => serve(config, signal),
    demo: async ({ port }) => {
      // The playground is no part of the bot: it is loaded only where it is asked for.
      const { runDemo } = await import('./playground/demo.ts');
      await using _demo = await runDemo({ stdout: process.stdout, ...(port === undefined ? {} : { port }) });
      await aborted(signal);
      return 0;
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

function openCliStore(config: LedgerConfig): CliStore {
  const store = openStore(config);
  const timers = queueTimers(store.redis, systemClock);
  const witness = fileWitness(join(config.dataDir, 'witness.json'));
  return {
    ledger: store.ledger,
    timers,
    witnesses: [() => witness.last()],
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
