/**
 * Lets one judged connection out: on the record first, then connected, admitted by its door, carried, and on the record
 * again. Whoever destroys the client ends it, however far it has got.
 */
import type { Socket } from 'node:net';
import type { Carried, Connection } from '../../ports/brokers.ts';
import { carry } from './carry.ts';
import { dialFirst } from './dial.ts';
import { inTime } from './in-time.ts';
import { notConnected, notRecorded, overBound, type Refusal } from './refusals.ts';
import { tellUntilHeard } from './tell.ts';
import type { WayOut } from './way-out.ts';

export type Destination = Omit<Connection, 'id'> & {
  /** Judged, and tried in this order. */
  readonly addresses: readonly string[];
};

/** How a door deals with its client. */
export type Manners = {
  /** There is no connection: tells the client, where it can hear that, and destroys it. Never rejects. */
  readonly refuse: (refusal: Refusal) => Promise<void>;
  /**
   * The server is connected, and got nothing yet. Undefined where the client may speak to it; or why not, and whether
   * that is a refusal and not just an end.
   */
  readonly admit: (server: Socket) => Promise<Unfit | undefined>;
};

export type Unfit = { readonly why: string; readonly refused: boolean };

type Ended = { readonly carried: Carried; readonly refusal?: Refusal };

export async function letOut(way: WayOut, client: Socket, to: Destination, manners: Manners): Promise<void> {
  const { by, host, port } = to;
  if (way.unconfirmed.size >= way.bounds.unconfirmed) {
    const bound = `${way.bounds.unconfirmed} connections waiting to be recorded`;
    way.report.addOver(by, bound);
    return await manners.refuse(overBound(bound));
  }
  const connection: Connection = { id: way.newId(), by, host, port };
  if (!(await isRecorded(way, connection))) return await manners.refuse(notRecorded);
  // Whatever goes wrong in here, what was opened on the record is closed there.
  const { carried, refusal } = await connectAndCarry(way, client, to, manners).catch(
    (err: unknown): Ended => {
      way.log.error({ access: way.access, connection, err }, 'a connection failed in the broker');
      client.destroy();
      return { carried: nothing('it failed in the broker') };
    },
  );
  // Neither waits for the other: not the client for the ledger, nor the ledger for the client.
  await Promise.all([tellClosed(way, connection, carried), refusal && manners.refuse(refusal)]);
}

/** Whether the ledger holds the entry, within the time for it. What it does not hold is not opened. */
async function isRecorded(way: WayOut, connection: Connection): Promise<boolean> {
  way.unconfirmed.add(connection.id);
  const opening = callTold(() => way.told.opened(connection)).then(
    () => true,
    (err: unknown) => {
      way.log.warn({ access: way.access, connection, err }, 'a connection could not be recorded');
      return false;
    },
  );
  const answered = opening.finally(() => way.unconfirmed.delete(connection.id));
  const outcome = await inTime(way.clock, way.bounds.confirmMs, answered);
  if (outcome === true) return true;
  const { by, host, port } = connection;
  way.report.add({ by, host, port, why: notRecorded.why });
  if (outcome === 'late') {
    const never = nothing('recorded too late, so never opened');
    way.track(answered.then(async (held) => (held ? await tellClosed(way, connection, never) : undefined)));
  }
  return false;
}

async function connectAndCarry(
  way: WayOut,
  client: Socket,
  to: Destination,
  { admit }: Manners,
): Promise<Ended> {
  const { clock, bounds, dial } = way;
  const server = await dialFirst({ dial, clock, connectMs: bounds.connectMs }, client, to.addresses, to.port);
  if ('why' in server) {
    if (client.destroyed) return { carried: nothing(way.cut() ?? 'closed by the client') };
    return { carried: nothing(`could not connect: ${server.why}`), refusal: notConnected(to, server) };
  }
  const began = clock.now();
  // Rounded up, so one at least: also within one tick of the clock, and where it was set back.
  const seconds = (): number => Math.max(1, Math.ceil((clock.now() - began) / 1000));
  try {
    const unfit = await admit(server);
    if (unfit === undefined) {
      const carried = await carry(client, server, bounds, way.cut);
      return { carried: { ...carried, seconds: seconds() } };
    }
    const { by, host, port } = to;
    if (unfit.refused) way.report.add({ by, host, port, why: unfit.why });
    return { carried: { ...nothing(unfit.why), seconds: seconds() } };
  } finally {
    client.destroy();
    // One that was carried is destroyed already; any other gets no end that it could take for the client's own.
    server.resetAndDestroy();
  }
}

function nothing(why: string): Carried {
  return { bytesOut: 0, bytesIn: 0, seconds: 0, why };
}

async function tellClosed(way: WayOut, connection: Connection, carried: Carried): Promise<void> {
  const deps = { clock: way.clock, log: way.log, patienceMs: way.bounds.patienceMs };
  const facts = { access: way.access, connection, carried };
  await tellUntilHeard(deps, facts, () => way.told.closed(connection, carried));
}

/** What throws instead of rejecting rejects. */
async function callTold(tell: () => Promise<void>): Promise<void> {
  await tell();
}
