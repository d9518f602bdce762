/**
 * One loop for everything that has to be tried again: throttling, conflicts, lost connections, and a service that
 * does not yet show what it was told.
 *
 * The SDK's own retries stay off (`clients.ts`): they keep a budget per client, know neither our deadline nor our
 * abort, and cannot run on a hand-set clock.
 */
import type { Clock } from '../../ports/clock.ts';
import { GrantFault } from '../../ports/grants.ts';
import { absence, faultOf, type Trouble, troubleOf } from './trouble.ts';

/** One call of the port: how long it may take, and who can stop it. Times in epoch milliseconds. */
export type Run = {
  readonly clock: Clock;
  readonly until: number;
  readonly signal?: AbortSignal;
};

export type Send<T> = (options: { abortSignal?: AbortSignal }) => Promise<T>;
export type Tried<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly trouble: Trouble };

const firstPauseMs = 100;
const longestPauseMs = 3_000;

/** Tries once. Throws only when the run was stopped. */
export async function once<T>(run: Run, what: string, send: Send<T>): Promise<Tried<T>> {
  refuseIfStopped(run, what);
  try {
    return { ok: true, value: await send(run.signal ? { abortSignal: run.signal } : {}) };
  } catch (error) {
    refuseIfStopped(run, what);
    return { ok: false, trouble: troubleOf(error) };
  }
}

export type CallOptions = {
  /** Errors that are answered by `undefined`. */
  readonly expected?: readonly string[];
  /** How long `NoSuchEntity` may mean "not seen yet", as IAM's reads and writes trail each other. */
  readonly lagMs?: number;
  /** Asked at AccessDenied: true makes it `NoSuchEntity`. */
  readonly isAbsent?: () => Promise<boolean>;
};

/** Tries until it succeeds, fails for good, or patience ends. */
export async function call<T>(
  run: Run,
  what: string,
  send: Send<T>,
  options: CallOptions = {},
): Promise<T | undefined> {
  const lagEnds = run.clock.now() + (options.lagMs ?? 0);
  for (let attempt = 0; ; attempt++) {
    const tried = await once(run, what, send);
    if (tried.ok) return tried.value;
    const denied = tried.trouble.name === 'AccessDenied';
    const trouble = denied && (await options.isAbsent?.()) ? absence : tried.trouble;
    const lagging = trouble.name === 'NoSuchEntity' && run.clock.now() < lagEnds;
    if (!lagging && options.expected?.includes(trouble.name)) return undefined;
    if (!(lagging || trouble.passing) || !(await pause(run, attempt))) throw faultOf(trouble, what);
  }
}

/** As {@link call}, where no error is expected. */
export async function must<T>(run: Run, what: string, send: Send<T>): Promise<T> {
  const value = await call(run, what, send);
  if (value === undefined) throw new GrantFault('unavailable', `${what}: no answer`, { retryable: true });
  return value;
}

/** Reads a list to its end. `undefined` where `read` answers so. */
export async function everyPage<
  Page extends { readonly IsTruncated?: boolean | undefined; readonly Marker?: string | undefined },
>(read: (from: { Marker?: string }) => Promise<Page | undefined>): Promise<readonly Page[] | undefined> {
  const pages: Page[] = [];
  for (let marker: string | undefined; ; ) {
    const page: Page | undefined = await read(marker === undefined ? {} : { Marker: marker });
    if (page === undefined) return undefined;
    pages.push(page);
    if (!page.IsTruncated || page.Marker === undefined) return pages;
    marker = page.Marker;
  }
}

/** Looks until what was written shows. Throws `not-effective` when patience ends first. */
export async function awaited(run: Run, what: string, look: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    if (await look()) return;
    if (!(await pause(run, attempt)))
      throw new GrantFault('not-effective', `${what} does not show`, { retryable: true });
  }
}

/** Exponential back-off, half of it random. False, without waiting, where patience would end first. */
export async function pause(run: Run, attempt: number): Promise<boolean> {
  const span = Math.min(longestPauseMs, firstPauseMs * 2 ** attempt);
  return await wait(run, span / 2 + (Math.random() * span) / 2);
}

/** Waits `ms`. False, without waiting, where patience would end first. */
export async function wait(run: Run, ms: number): Promise<boolean> {
  if (run.clock.now() + ms > run.until) return false;
  try {
    await run.clock.sleep(ms, run.signal);
  } catch (error) {
    refuseIfStopped(run, 'waiting');
    throw error;
  }
  return true;
}

function refuseIfStopped(run: Run, what: string): void {
  if (run.signal?.aborted) throw new GrantFault('unavailable', `stopped before ${what}`, { retryable: true });
}
