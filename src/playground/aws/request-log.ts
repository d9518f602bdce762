/** What was asked and what came of it: the newest thousand authenticated calls, and a count of all by action. */

export type LoggedRequest = {
  /** Epoch milliseconds on the look-alike's clock. */
  readonly at: number;
  readonly service: string;
  readonly action: string;
  readonly caller: string;
  /** Role name, role ARN or resource, where the request names one. */
  readonly resource: string | undefined;
  /** `ok` or the error's code. */
  readonly outcome: string;
};

export type RequestLog = {
  add(entry: LoggedRequest): void;
  /** Calls by action, refused ones included. */
  counts(): Readonly<Record<string, number>>;
  entries(): readonly LoggedRequest[];
  clear(): void;
};

const kept = 1000;

export function openRequestLog(): RequestLog {
  const counts = new Map<string, number>();
  const entries: LoggedRequest[] = [];
  return {
    add(entry) {
      counts.set(entry.action, (counts.get(entry.action) ?? 0) + 1);
      if (entries.push(entry) > kept) entries.shift();
    },
    counts: () => Object.fromEntries(counts),
    entries: () => [...entries],
    clear() {
      counts.clear();
      entries.length = 0;
    },
  };
}
