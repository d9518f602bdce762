/**
 * The environment, read once and checked: the only file that reads `process.env`. Everything wrong is reported at once,
 * each with the variable, what is wrong and what would be right; a secret is never repeated. The result is frozen.
 */
import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { z } from 'zod';
import { ledgerSchema, type logLevels, right, serveSchema, url } from './config-variables.ts';

/** What the ledger needs: enough for the commands that read the trail or end an access. */
export type LedgerConfig = {
  readonly redis: {
    readonly url: string;
    /** What to do about a Redis that may lose its last second (no append-only file, or one that is not synced). */
    readonly onLoss: 'refuse' | 'accept-last-second';
  };
  /** Absolute. */
  readonly dataDir: string;
  readonly signingKey: KeyObject;
  readonly logLevel: (typeof logLevels)[number];
};

export type Config = LedgerConfig & {
  readonly slack: {
    readonly botToken: string;
    /** Ends in a slash. Its origin is also the OpenID Connect issuer. */
    readonly apiUrl: string;
    readonly events:
      | { readonly mode: 'socket'; readonly appToken: string }
      | { readonly mode: 'http'; readonly signingSecret: string };
    readonly signIn?: { readonly clientId: string; readonly clientSecret: string };
  };
  readonly aws: {
    readonly region: string;
    readonly endpoint?: string;
    /** How long IAM may take until all of it agrees. */
    readonly settleMs: number;
  };
  /** Where recordings are also uploaded; `prefix` ends in a slash or is empty. */
  readonly uploads?: { readonly bucket: string; readonly prefix: string };
  /** Absolute. */
  readonly policyPath: string;
  readonly sandbox: { readonly limits: 'enforced' | 'best-effort' } & (
    | { readonly driver: 'local' }
    | {
        readonly driver: 'docker';
        /** By its digest; a target may name another. */
        readonly image: string;
        readonly runtime?: string;
        /** Absolute. */
        readonly socketPath?: string;
      }
  );
  /** `publicUrl` has no slash at its end. */
  readonly web: { readonly port: number; readonly publicUrl: string };
};

export type ConfigProblem = { readonly variable: string; readonly wrong: string; readonly right: string };
export type ConfigProblems = { readonly problems: readonly ConfigProblem[] };

export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's environment with what `.env` in `directory` adds to it; what is set already wins. */
export function loadEnvironment(directory: string = process.cwd()): Environment {
  const file = resolve(directory, '.env');
  // Into `process.env` itself, because the AWS SDK finds its credentials there.
  if (existsSync(file)) process.loadEnvFile(file);
  return process.env;
}

export function readConfig(
  env: Environment,
  options: { readonly needs: 'offline' },
): LedgerConfig | ConfigProblems;
export function readConfig(env: Environment, options?: { readonly needs?: 'serve' }): Config | ConfigProblems;
/** `needs: 'offline'` asks only for what the ledger needs: no Slack, no AWS. */
export function readConfig(
  env: Environment,
  { needs = 'serve' }: { readonly needs?: 'serve' | 'offline' } = {},
): Config | LedgerConfig | ConfigProblems {
  const set = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value?.trim() ? [[name, value.trim()]] : [])),
  );
  if (needs === 'offline') {
    const { data, error } = ledgerSchema.safeParse(set);
    return data === undefined ? { problems: problemsOf(error) } : Object.freeze(ledgerPart(data));
  }
  const { data, error } = serveSchema.safeParse(set);
  const problems = [...problemsOf(error), ...togetherProblems(set)];
  if (data === undefined || problems.length > 0) return { problems };
  const { SLACK_APP_TOKEN: appToken, SLACK_SIGNING_SECRET: signingSecret = '' } = data;
  const { SLACK_CLIENT_ID: clientId, SLACK_CLIENT_SECRET: clientSecret } = data;
  return Object.freeze({
    ...ledgerPart(data),
    slack: Object.freeze({
      botToken: data.SLACK_BOT_TOKEN,
      apiUrl: data.SLACK_API_URL.replace(/\/*$/, '/'),
      events: Object.freeze(
        appToken === undefined ? { mode: 'http', signingSecret } : { mode: 'socket', appToken },
      ),
      ...(clientId === undefined || clientSecret === undefined
        ? {}
        : { signIn: Object.freeze({ clientId, clientSecret }) }),
    }),
    aws: Object.freeze({
      region: data.AWS_REGION,
      ...(data.AWS_ENDPOINT_URL === undefined ? {} : { endpoint: data.AWS_ENDPOINT_URL }),
      settleMs: data.PROD_ACCESS_IAM_SETTLE,
    }),
    ...(data.PROD_ACCESS_RECORDINGS === undefined
      ? {}
      : { uploads: Object.freeze(data.PROD_ACCESS_RECORDINGS) }),
    policyPath: data.PROD_ACCESS_POLICY,
    sandbox: Object.freeze(sandboxPart(data)),
    web: Object.freeze({
      port: data.PORT,
      publicUrl: (data.PUBLIC_URL ?? `http://localhost:${data.PORT}`).replace(/\/+$/, ''),
    }),
  });
}

/** One line for each problem, for people. */
export function configProblemsText({ problems }: ConfigProblems): string {
  return problems
    .map(({ variable, wrong, right: remedy }) => `${variable}: ${wrong}.\n    Right would be: ${remedy}.\n`)
    .join('');
}

function ledgerPart(data: z.output<typeof ledgerSchema>): LedgerConfig {
  return {
    redis: Object.freeze({ url: data.REDIS_URL, onLoss: data.PROD_ACCESS_REDIS_LOSS }),
    dataDir: data.PROD_ACCESS_DATA_DIR,
    signingKey: data.PROD_ACCESS_SIGNING_KEY,
    logLevel: data.LOG_LEVEL,
  };
}

function sandboxPart(data: z.output<typeof serveSchema>): Config['sandbox'] {
  const limits = data.PROD_ACCESS_LIMITS;
  if (data.PROD_ACCESS_SANDBOX === 'local') return { driver: 'local', limits };
  const { PROD_ACCESS_SANDBOX_IMAGE: image = '', PROD_ACCESS_SANDBOX_RUNTIME: runtime } = data;
  const socketPath = data.DOCKER_HOST?.replace(/^unix:\/\//, '');
  return {
    driver: 'docker',
    limits,
    image,
    ...(runtime === undefined ? {} : { runtime }),
    ...(socketPath === undefined ? {} : { socketPath }),
  };
}

function problemsOf(error: z.ZodError | undefined): readonly ConfigProblem[] {
  return (error?.issues ?? []).map((issue) => problem(String(issue.path[0]), issue.message));
}

/** What no single variable shows. */
function togetherProblems(set: Environment): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (set.SLACK_APP_TOKEN === undefined && set.SLACK_SIGNING_SECRET === undefined)
    problems.push(problem('SLACK_SIGNING_SECRET', 'is missing, and so is SLACK_APP_TOKEN'));
  if (set.SLACK_CLIENT_ID === undefined && set.SLACK_CLIENT_SECRET !== undefined)
    problems.push(problem('SLACK_CLIENT_ID', 'is missing'));
  if (set.SLACK_CLIENT_SECRET === undefined && set.SLACK_CLIENT_ID !== undefined)
    problems.push(problem('SLACK_CLIENT_SECRET', 'is missing'));
  problems.push(...driverProblems(set));
  // The SDK honours an endpoint per service too, such as AWS_ENDPOINT_URL_STS.
  for (const [name, value] of Object.entries(set)) {
    if (!name.startsWith('AWS_ENDPOINT_URL_')) continue;
    for (const { message } of url.safeParse(value).error?.issues ?? []) {
      problems.push({ variable: name, wrong: message, right: right.AWS_ENDPOINT_URL ?? '' });
    }
  }
  return problems;
}

/** What one driver needs, and what the other would pass over. */
function driverProblems(set: Environment): readonly ConfigProblem[] {
  const names = ['PROD_ACCESS_SANDBOX_IMAGE', 'PROD_ACCESS_SANDBOX_RUNTIME'] as const;
  if (set.PROD_ACCESS_SANDBOX !== 'docker')
    return names
      .filter((name) => set[name] !== undefined)
      .map((name) => problem(name, 'is set, and PROD_ACCESS_SANDBOX is not docker'));
  const host = set.DOCKER_HOST ?? 'unix:///';
  return [
    ...(set.PROD_ACCESS_SANDBOX_IMAGE === undefined
      ? [problem('PROD_ACCESS_SANDBOX_IMAGE', 'is missing, and PROD_ACCESS_SANDBOX is docker')]
      : []),
    // Sandboxes share directories and sockets with the bot, so their engine is on its host.
    ...(host.startsWith('unix:///') ? [] : [problem('DOCKER_HOST', 'is not a Unix socket of this host')]),
  ];
}

function problem(variable: string, wrong: string): ConfigProblem {
  return { variable, wrong, right: right[variable] ?? 'leave it out' };
}
