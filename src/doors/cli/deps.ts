/** What the command line is given: the world is opened by whoever starts it, so that tests can open a small one. */
import type { Config, ConfigProblems, Environment, LedgerConfig } from '../../config.ts';
import type { Head } from '../../domain/audit.ts';
import type { Policy } from '../../domain/policy.ts';
import type { Flow } from '../../flow/deps.ts';
import type { Clock } from '../../ports/clock.ts';

/** A stream, or what a test puts in its place. */
export type Out = {
  write(text: string, done?: (error?: Error | null) => void): unknown;
  on?(event: 'error', listener: (error: Error) => void): unknown;
};

/** What the verbs need that read the trail or end an access: Redis and the signing key, no Slack and no AWS. */
export type CliStore = AsyncDisposable &
  Pick<Flow, 'ledger' | 'timers'> & {
    /** What remembers the newest entry outside Redis: the channel, the file in the data directory. */
    readonly witnesses: readonly (() => Promise<Head | undefined>)[];
  };

export type PolicyProblemLine = {
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
};

export type ReadPolicy = (
  content: Uint8Array,
  path: string,
) =>
  | { readonly policy: Policy; readonly warnings: readonly PolicyProblemLine[] }
  | { readonly problems: readonly PolicyProblemLine[] };

export type DemoOptions = { readonly port?: number; readonly json: boolean };

export type CliDeps = {
  readonly env: Environment;
  readonly stdout: Out;
  readonly stderr: Out;
  readonly clock: Clock;
  /** The operating system's name of who types: the actor `cli:<user>`. */
  readonly user: string;
  /** Aborts what would go on for ever. */
  readonly signal: AbortSignal;
  readonly version: string;
  readonly readPolicy: ReadPolicy;
  openStore(config: LedgerConfig): CliStore | Promise<CliStore>;
  openFlow(config: Config): Promise<Flow & AsyncDisposable>;
  /** Each gives the exit code. */
  serve(config: Config): Promise<number>;
  demo(options: DemoOptions): Promise<number>;
  doctor(
    config: Config | ConfigProblems,
    options: { readonly json: boolean; readonly out: Out },
  ): Promise<number>;
};
