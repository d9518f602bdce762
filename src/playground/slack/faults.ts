/** Outages that tests order: single calls that fail in a chosen way, or all of Slack being away. */
import { z } from 'zod';

export const faultSchema = z.strictObject({
  /** A Web API method, `*` for every one, or `response_url`. */
  method: z.string(),
  /** `ok: false` with this code. */
  error: z.string().optional(),
  /** A bare HTTP answer. */
  status: z.int().min(400).max(599).optional(),
  /** 429 with this many seconds in `Retry-After`. */
  retryAfter: z.int().min(0).optional(),
  /** Never answered until `clear()` or the end. */
  hang: z.boolean().optional(),
  /** The connection breaks: before anything happened, or after it happened and before the answer. */
  drop: z.enum(['request', 'answer']).optional(),
  /** How many calls it hits; default: all, until cleared. */
  times: z.int().positive().optional(),
  /** Only calls that name this channel. */
  channel: z.string().optional(),
  /** Only calls that name this person (`user` or `users`, or the person's direct messages as `channel`). */
  user: z.string().optional(),
});
export type Fault = z.infer<typeof faultSchema>;

export type Faults = {
  readonly inject: (fault: Fault) => void;
  readonly clear: () => void;
  /** The fault that hits this call, if one does; counts as one of its times. */
  readonly hit: (method: string, names: { channel: string; users: readonly string[] }) => Fault | undefined;
  readonly setDown: (down: boolean) => void;
  readonly isDown: () => boolean;
  /** Resolves when the hanging calls are let go. */
  readonly letGo: () => Promise<void>;
};

export function createFaults(): Faults {
  let standing: { fault: Fault; left: number }[] = [];
  let down = false;
  let gate = Promise.withResolvers<void>();
  return {
    inject: (fault) => {
      standing.push({ fault: faultSchema.parse(fault), left: fault.times ?? Number.POSITIVE_INFINITY });
    },
    clear: () => {
      standing = [];
      gate.resolve();
      gate = Promise.withResolvers<void>();
    },
    hit: (method, { channel, users }) => {
      const found = standing.find(
        ({ fault, left }) =>
          left > 0 &&
          (fault.method === '*' || fault.method === method) &&
          (fault.channel === undefined || fault.channel === channel) &&
          (fault.user === undefined || users.includes(fault.user)),
      );
      if (found) found.left -= 1;
      return found?.fault;
    },
    setDown: (value) => {
      down = value;
    },
    isDown: () => down,
    letGo: () => gate.promise,
  };
}
