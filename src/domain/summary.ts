/** What was done with an access, counted from its entries: for the one message that is sent after its end. */
import type { Entry } from './audit.ts';

export type Destination = {
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
  /** Refused attempts, by where they led, most first. */
  readonly blocked: readonly { readonly host: string; readonly port: number; readonly count: number }[];
  /** People who watched or replayed, by name. */
  readonly viewers: readonly string[];
  /** What an approver should look at, in words. */
  readonly unusual: readonly string[];
};

/** `entries` are those of one access, in order. */
export function summaryOf(entries: readonly Entry[]): Summary {
  const of = (action: string): readonly Entry[] => entries.filter((entry) => entry.action === action);
  const sessions = of('session.started').map(({ details }): SessionFacts => {
    const end = of('session.ended').find((each) => each.details.session === details.session)?.details;
    return {
      id: String(details.session),
      seconds: end === undefined ? undefined : numberIn(end.seconds),
      why: end === undefined ? undefined : String(end.why),
    };
  });
  const destinations = grouped(of('connection.closed'), (closed) => ({
    connections: closed.length,
    bytesOut: sum(closed, 'bytes_out'),
    bytesIn: sum(closed, 'bytes_in'),
  })).sort((one, other) => total(other) - total(one));
  const blocked = grouped(of('connection.blocked'), (attempts) => ({ count: sum(attempts, 'count') })).sort(
    (one, other) => other.count - one.count,
  );
  const viewers = [...new Set(of('session.viewed').map(({ actor }) => actor.name))];
  const refused = (doing: string): number =>
    of('access.refused').filter(({ details }) => details.doing === doing).length;
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
      ...some(refused('terminal'), 'refused terminal', 'refused terminals'),
      ...some(refused('download'), 'refused download', 'refused downloads'),
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

function grouped<T>(
  entries: readonly Entry[],
  measure: (group: readonly Entry[]) => T,
): (T & { readonly host: string; readonly port: number })[] {
  const groups = Map.groupBy(entries, ({ details }) => `${String(details.host)} ${numberIn(details.port)}`);
  return [...groups].map(([key, group]) => {
    const [host = '', port] = key.split(' ');
    return { host, port: Number(port), ...measure(group) };
  });
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
