/**
 * What happens in the workspace, told to whoever watches: the live page, the event stream, a waiting test. A change
 * carries ids, not contents; watchers read the state. Listeners run at once, in order, and must not throw.
 */
export type Change =
  | {
      readonly kind: 'message';
      readonly what: 'posted' | 'updated' | 'deleted';
      readonly channel: string;
      readonly ts: string;
    }
  | {
      readonly kind: 'ephemeral';
      readonly what: 'posted' | 'updated' | 'deleted';
      readonly channel: string;
      readonly user: string;
      readonly ts: string;
    }
  | {
      readonly kind: 'view';
      readonly what: 'opened' | 'pushed' | 'updated' | 'closed' | 'errors';
      readonly user: string;
      readonly view: string;
    }
  /** A word from the client itself to one person: a timeout, a failed click. */
  | { readonly kind: 'notice'; readonly user: string; readonly text: string }
  | { readonly kind: 'directory'; readonly id: string }
  | { readonly kind: 'call'; readonly method: string; readonly error?: string | undefined }
  | { readonly kind: 'socket'; readonly what: 'connected' | 'disconnected' };

export type Watchers = {
  readonly tell: (change: Change) => void;
  /** Returns the function that stops the listening. */
  readonly listen: (listener: (change: Change) => void) => () => void;
};

export function createWatchers(): Watchers {
  const listeners = new Set<(change: Change) => void>();
  return {
    tell: (change) => {
      for (const listener of [...listeners]) listener(change);
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

/**
 * Waits until `look` finds something (neither `undefined`, `null` nor `false`), looking now and after each change.
 * Rejects after `timeoutMs` of real time, so that a test fails with a word and never hangs.
 */
export function waitFor<T>(
  watchers: Watchers,
  look: () => T | undefined | null | false,
  timeoutMs = 5_000,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let stop = (): void => {};
  let timer: NodeJS.Timeout | undefined;
  const check = (): boolean => {
    try {
      const found = look();
      if (found === undefined || found === null || found === false) return false;
      resolve(found);
    } catch (error) {
      reject(error);
    }
    stop();
    clearTimeout(timer);
    return true;
  };
  if (check()) return promise;
  stop = watchers.listen(check);
  timer = setTimeout(() => {
    stop();
    reject(
      new Error(`nothing of the kind happened within ${timeoutMs} ms: ${look.toString().slice(0, 200)}`),
    );
  }, timeoutMs);
  return promise;
}
