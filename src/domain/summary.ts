/** What was done with an access, counted from its entries: for the one message that is sent after its end. */
import type { Entry } from './audit.ts';

export type Destination = {
  /** The forward's name, or `proxy`. */
  readonly by: string;
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
};

export type SessionFacts = {
  readonly id: string;
  /** Undefined while its end is not on the record. */
  readonly seconds: number | undefined;
  readonly why: string | undefined;
};

export type Summary = {
  readonly sessions: readonly SessionFacts[];
  /** Busiest first, by bytes. */
  readonly destinations: readonly Destination[];
  readonly credentials: number;
  /** Files that left before the end, in order. */
  readonly downloads: readonly { readonly path: string; readonly bytes: number }[];
  /** Refused attempts, by where they led and why they were refused, most first. Host `*`: more than can be told apart. */
  readonly blocked: readonly {
    readonly host: string;
    readonly port: number;
    readonly why: string;
    readonly count: number;
  }[];
  /** People who watched or replayed, by name. */
  readonly viewers: readonly string[];
  /** What an approver should look at, in words. */
  readonly unusual: readonly string[];
};

/** `entries` are those of one access, in order. */
export function summaryOf(entries: readonly Entry[]): Summary {
  const of = (action: string): readonly Entry[] => entries.filter((entry) => entry.action === action);
  const ends = new Map(of('session.ended').map(({ details }) => [details.session, details]));
  const sessions = of('session.started').map(({ details }): SessionFacts => {
    const end = ends.get(details.session);
    return {
      id: String(details.session),
      seconds: end === undefined ? undefined : numberIn(end.seconds),
      why: end === undefined ? undefined : String(end.why),
    };
  });
  const destinations = grouped(of('connection.closed'), 'by')
    .map(([{ host, port, by }, closed]) => ({
      ...{ by: String(by), host: String(host), port: numberIn(port) },
      connections: closed.length,
      bytesOut: sum(closed, 'bytes_out'),
      bytesIn: sum(closed, 'bytes_in'),
    }))
    .sort((one, other) => total(other) - total(one));
  const blocked = grouped(of('connection.blocked'), 'why')
    .map(([{ host, port, why }, attempts]) => ({
      ...{ host: String(host), port: numberIn(port), why: String(why) },
      count: sum(attempts, 'count'),
    }))
    .sort((one, other) => other.count - one.count);
  const viewers = namesIn(of('session.viewed'));
  const refused = (doing: string, one: string, many: string): readonly string[] => {
    const entries = of('access.refused').filter(({ details }) => details.doing === doing);
    return some(entries.length, one, many).map((words) => `${words}: ${namesIn(entries).join(', ')}`);
  };
  const downloads = of('file.downloaded').map(({ details }) => ({
    path: String(details.path),
    bytes: numberIn(details.bytes),
  }));
  const lost = of('connection.closed').filter(({ details }) => details.reconstructed === true).length;
  const attempts = blocked.reduce((all, { count }) => all + count, 0);
  return {
    sessions,
    destinations,
    credentials: of('credentials.vended').length,
    downloads,
    blocked,
    viewers,
    unusual: [
      ...some(downloads.length, 'downloaded file', 'downloaded files'),
      ...some(attempts, 'blocked attempt to get out', 'blocked attempts to get out'),
      ...refused('terminal', 'refused terminal', 'refused terminals'),
      ...refused('download', 'refused download', 'refused downloads'),
      ...of('alarm.raised').map(({ details }) => `alarm: ${String(details.what)}`),
      ...sessions
        .filter(({ why }) => why !== undefined && /record/.test(why))
        .map(({ id, why }) => `session ${id} was cut off: ${why}`),
      ...some(
        lost,
        'connection was lost with a process of the bot',
        'connections were lost with a process of the bot',
      ),
    ],
  };
}

function some(count: number, one: string, many: string): readonly string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
}

/** Those of one host, port and value of `detail`, with the details of the first of them. */
function grouped(
  entries: readonly Entry[],
  detail: string,
): readonly (readonly [Entry['details'], readonly Entry[]])[] {
  const key = ({ details: { host, port, ...rest } }: Entry): string =>
    JSON.stringify([host, port, rest[detail]]);
  return [...Map.groupBy(entries, key).values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [[first.details, group] as const];
  });
}

function namesIn(entries: readonly Entry[]): readonly string[] {
  return [...new Set(entries.map(({ actor }) => actor.name))];
}

function total({ bytesIn, bytesOut }: Destination): number {
  return bytesIn + bytesOut;
}

function sum(entries: readonly Entry[], name: string): number {
  return entries.reduce((all, { details }) => all + numberIn(details[name]), 0);
}

function numberIn(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
