/**
 * Isolated environments, one per access.
 *
 * What every driver keeps:
 * - `open` is idempotent by access id: a standing sandbox of that access is adopted, never doubled, also when two
 *   processes call at once. It returns only after the sandbox was probed from inside and found fenced.
 * - The sandbox is destroyed at its deadline by a supervisor of its own that needs neither the bot nor Redis.
 *   Only the host can move the deadline; nothing inside can.
 * - `close` returns only after it was read back that no process, mount or file of the sandbox is left. Closing one
 *   that does not exist is a success.
 * - A driver throws `SandboxFault` and nothing else.
 */
import type { AccessId } from '../domain/ids.ts';

export type SandboxLabels = {
  readonly install: string;
  readonly access: AccessId;
  readonly requester: string;
  readonly target: string;
};

export type SandboxLimits = {
  readonly memoryBytes: number;
  /** Whole or fractional processors. */
  readonly cpus: number;
  readonly processes: number;
  /** Bytes that home and tmp may hold together. */
  readonly diskBytes: number;
};

/** A port on the sandbox's loopback that leads to the socket of that name among its {@link Sandbox.sockets}. */
export type Listener = { readonly port: number; readonly socket: string };

/** Where the host puts sockets that a sandbox may connect to: a host directory that shows inside, and who may. */
export type SocketPlace = { readonly dir: string; readonly gid: number };

export type SandboxSpec = {
  readonly labels: SandboxLabels;
  readonly limits: SandboxLimits;
  readonly listeners: readonly Listener[];
  /** Names and values of the environment inside, beside the driver's own. */
  readonly environment: Readonly<Record<string, string>>;
  /** What its system is, where that is an image: `name@sha256:…` or `sha256:…`. Left out, the driver's own. */
  readonly image?: string;
  /** Instant in epoch milliseconds at which the supervisor destroys it, whoever else is alive. */
  readonly deadline: number;
};

/** How the promised limits are held on this machine: the weakest means in use. */
export type LimitsHeldBy = 'cgroup-v2' | 'cgroup-v1' | 'prlimit';

export type Sandbox = {
  readonly labels: SandboxLabels;
  readonly deadline: number;
  readonly driver: string;
  readonly sockets: SocketPlace;
  readonly limitsHeldBy: LimitsHeldBy;
  /** How many checks its probe made at the opening, all of which held; 0 where it was never found fenced. */
  readonly checks: number;
};

/**
 * A sandbox as it was found. It stands where it was found fenced and runs under its supervisor. What does not is half
 * opened, or what a dead one left: there to be closed, or opened anew.
 */
export type FoundSandbox = Sandbox & { readonly stands: boolean };

export type ProbeFinding = { readonly check: string; readonly holds: boolean; readonly saw: string };

export type Readiness =
  | { readonly ready: true; readonly limitsHeldBy: LimitsHeldBy }
  | {
      readonly ready: false;
      readonly problem: string;
      readonly remedy: string;
      /** It may be there again in a moment: no reason for the bot not to start. */
      readonly away?: true;
    };

export interface Sandboxes {
  /** Whether sandboxes can be opened on this host now, and if not, what to do about it. Never throws. */
  readiness(): Promise<Readiness>;
  open(spec: SandboxSpec): Promise<Sandbox>;
  /** Moves the deadline of a standing sandbox, earlier or later. Throws `SandboxFault` `gone` where there is none. */
  setDeadline(access: AccessId, deadline: number): Promise<void>;
  /** Every check from inside that the fence is there. Throws `SandboxFault` `gone` where there is no sandbox. */
  probe(access: AccessId): Promise<readonly ProbeFinding[]>;
  close(access: AccessId): Promise<void>;
  /** Everything of this install's sandboxes that is on this host now, whoever opened it. */
  list(): Promise<readonly FoundSandbox[]>;
}

/** The host failed to open, probe or close a sandbox. */
export class SandboxFault extends Error {
  override readonly name = 'SandboxFault';
  readonly code: 'unavailable' | 'not-fenced' | 'gone' | 'stuck';
  readonly retryable: boolean;

  constructor(code: SandboxFault['code'], message: string, options: { retryable: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable;
  }
}
