/**
 * Lets one judged connection out: on the record first, then connected, carried, and on the record again. Whoever destroys
 * the client ends it, however far it has got.
 */
import type { Socket } from 'node:net';
import type { Carried, Connection } from '../../ports/brokers.ts';
import { carry } from './carry.ts';
import { dialFirst } from './dial.ts';
import { inTime } from './in-time.ts';
import { tellUntilHeard } from './tell.ts';
import type { WayOut } from './way-out.ts';

export type Destination = Omit<Connection, 'id'> & {
  /** Judged, and tried in this order. */
  readonly addresses: readonly string[];
};

export async function letOut(way: WayOut, client: Socket, to: Destination): Promise<void> {
  const { by, host, port } = to;
  if (way.unconfirmed.size >= way.bounds.unconfirmed) {
    way.report.addOver(by, `${way.bounds.unconfirmed} connections waiting to be recorded`);
    client.destroy();
    return;
  }
  const connection: Connection = { id: way.newId(), by, host, port };
  if (!(await isRecorded(way, connection))) {
    client.destroy();
    return;
  }
  // Whatever goes wrong in here, what was opened on the record is closed there.
  const carried = await connectAndCarry(way, client, to).catch((err: unknown) => {
    way.log.error({ access: way.access, connection, err }, 'a connection failed in the broker');
    client.destroy();
    return nothing('it failed in the broker');
  });
  await tellClosed(way, connection, carried);
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
  way.report.add({ by, host, port, why: 'it could not be recorded, so it was not opened' });
  if (outcome === 'late') {
    const never = nothing('recorded too late, so never opened');
    way.track(answered.then(async (held) => (held ? await tellClosed(way, connection, never) : undefined)));
  }
  return false;
}

async function connectAndCarry(way: WayOut, client: Socket, to: Destination): Promise<Carried> {
  const { clock, bounds, dial } = way;
  const server = await dialFirst({ dial, clock, connectMs: bounds.connectMs }, client, to.addresses, to.port);
  if (typeof server === 'string') {
    const gone = way.cut() ?? 'closed by the client';
    const why = client.destroyed ? gone : `could not connect: ${server}`;
    client.destroy();
    return nothing(why);
  }
  const began = clock.now();
  const carried = await carry(client, server, bounds, way.cut);
  // Rounded up, so one at least: also within one tick of the clock, and where it was set back.
  return { ...carried, seconds: Math.max(1, Math.ceil((clock.now() - began) / 1000)) };
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
