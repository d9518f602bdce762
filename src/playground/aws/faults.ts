/** Trouble on demand: errors injected into named actions, and a rate that IAM's writes may not exceed. */
import { AwsError, errorOfCode } from './errors.ts';

export type Fault = {
  /** As in the request: `CreateRole`; `*` is any action. */
  readonly action: string;
  /** An AWS error code, or `ConnectionReset`, which cuts the connection without an answer. */
  readonly error: string;
  /** 1 by default. */
  readonly times?: number;
  /** `after` does the work first, so that only its answer is lost. `before` by default. */
  readonly when?: 'before' | 'after';
};

/** Thrown in place of an answer. */
export class ConnectionReset extends Error {
  override readonly name = 'ConnectionReset';
}

export type Faults = {
  inject(fault: Fault): void;
  /** Throws the first fault that waits for this action. */
  strike(action: string, when: 'before' | 'after'): void;
  clear(): void;
};

export function openFaults(): Faults {
  let waiting: readonly Required<Fault>[] = [];
  return {
    inject(fault) {
      waiting = [...waiting, { times: 1, when: 'before', ...fault }];
    },
    strike(action, when) {
      const struck = waiting.find(
        (fault) => fault.when === when && (fault.action === '*' || fault.action === action),
      );
      if (struck === undefined) return;
      waiting = waiting.flatMap((fault) =>
        fault !== struck ? fault : fault.times > 1 ? { ...fault, times: fault.times - 1 } : [],
      );
      throw struck.error === 'ConnectionReset' ? new ConnectionReset() : errorOfCode(struck.error);
    },
    clear() {
      waiting = [];
    },
  };
}

/** A token bucket that holds one second's worth. Returns a function that takes a token, or throws `Throttling`. */
export function openBucket(perSecond: number, now: () => number): () => void {
  const size = Math.max(1, perSecond);
  let tokens = size;
  let filledAt = now();
  return () => {
    tokens = Math.min(size, tokens + ((now() - filledAt) / 1000) * perSecond);
    filledAt = now();
    if (tokens < 1) throw new AwsError('Throttling', 400, 'Rate exceeded');
    tokens -= 1;
  };
}
