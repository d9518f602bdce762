/**
 * The policy in force, from a file that is read again when it changes: edited in place, renamed over, or swapped behind
 * a symbolic link as Kubernetes does. A version is judged once it stands still. A broken one changes nothing and is
 * told once. The record comes first: a version whose telling fails is not in force, and is tried again.
 */
import { readFile, stat } from 'node:fs/promises';
import type { Policy } from '../../domain/policy.ts';
import type { Clock } from '../../ports/clock.ts';
import type { PolicySource } from '../../ports/policy-source.ts';
import { type Able, hashOfFile, parsePolicy, sizeMax } from './parse-policy.ts';
import { type PolicyProblem, PolicyProblems } from './problem.ts';

export type LoadedPolicy = { readonly policy: Policy; readonly warnings: readonly PolicyProblem[] };
/** `hash` is absent where the file could not be read. */
export type RejectedPolicy = { readonly hash?: string; readonly problems: readonly PolicyProblem[] };

export type WatchPolicyDeps = {
  readonly path: string;
  readonly able?: Able;
  readonly onLoaded: (loaded: LoadedPolicy) => void | Promise<void>;
  readonly onRejected: (rejected: RejectedPolicy) => void | Promise<void>;
  /** Told of a look that failed; the next look tries again. */
  readonly onTrouble?: (error: unknown) => void;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly everyMs?: number;
};

export type WatchedPolicy = PolicySource &
  AsyncDisposable & {
    /** Looks now instead of at the next turn. Never throws. */
    look(): Promise<void>;
  };

/** For how long a new version must not change before it is judged: an editor may be half-way through. */
const stillMs = 100;

/** Throws {@link PolicyProblems} where the file is broken at the start, and what `onLoaded` throws. */
export async function watchPolicy(deps: WatchPolicyDeps): Promise<WatchedPolicy> {
  const { path, clock, able, everyMs = 2_000 } = deps;
  const disposed = new AbortController();
  let judged = await versionOf(path);
  const first = await readVersion(path, able);
  if ('problems' in first) throw new PolicyProblems(path, first.problems);
  await deps.onLoaded(first);
  let current = first.policy;
  /** What the last rejection was about, until another version stands there. */
  let told: string | undefined;

  async function judge(): Promise<void> {
    const version = await versionOf(path);
    if (version === judged) return;
    await clock.sleep(stillMs, disposed.signal);
    const next = await readVersion(path, able);
    if ((await versionOf(path)) !== version) return;
    if ('policy' in next) {
      if (next.policy.hash !== current.hash) await deps.onLoaded(next);
      current = next.policy;
      told = undefined;
    } else {
      const about = next.hash ?? next.problems.map(({ message }) => message).join();
      if (about !== told) await deps.onRejected(next);
      told = about;
    }
    judged = version;
  }

  let looking: Promise<void> | undefined;
  const look = (): Promise<void> => {
    looking ??= judge()
      .catch((error: unknown) => {
        if (!disposed.signal.aborted) deps.onTrouble?.(error);
      })
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };
  const timer = setInterval(() => void look(), everyMs).unref();

  return {
    current: () => current,
    look,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      disposed.abort();
      await looking;
    },
  };
}

/** What tells one version on disk from the next, also where both have one size and one second. */
async function versionOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (error) {
    return `unreadable: ${codeOf(error)}`;
  }
}

async function readVersion(path: string, able?: Able): Promise<LoadedPolicy | RejectedPolicy> {
  try {
    // More than the parser takes is not read at all.
    if ((await stat(path)).size > sizeMax)
      return {
        problems: [{ line: 1, column: 1, path: '', message: `${path} is larger than ${sizeMax} bytes` }],
      };
    const bytes = await readFile(path);
    const parsed = parsePolicy(bytes, path, able);
    return 'policy' in parsed ? parsed : { hash: hashOfFile(bytes), problems: parsed.problems };
  } catch (error) {
    return {
      problems: [{ line: 1, column: 1, path: '', message: `${path} cannot be read (${codeOf(error)})` }],
    };
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
