/**
 * Keeps the doors of one access: who comes in is held against its bounds before a byte is read, and whoever is inside is
 * put out when the doors close. From some point on a flood is left to the kernel to refuse.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { SocketPlace } from '../../ports/sandboxes.ts';
import { type Door, listenAt } from './listen.ts';
import { perSecond } from './per-second.ts';
import { answerAndEnd, proxyName } from './proxy.ts';
import { overBound } from './refusals.ts';
import type { Serve, WayOut } from './way-out.ts';

export type Doorkeeper = {
  /** `by` is what the record calls this door. */
  open(socket: string, by: string, serve: Serve): Promise<void>;
  openCredentials(server: Server): Promise<void>;
  /** Whether each of them is where it was put. */
  stand(): boolean;
  /** Stops listening and destroys everything that is open, at once. */
  close(): void;
};

/** Refused clients that may still be reading why, beside the connections within the bound. */
const refusedMax = 16;
/** So many times the bound within one second is a flood. */
const floodTimes = 10;

export function doorkeeper(way: WayOut, place: SocketPlace): Doorkeeper {
  const { attemptsPerSecond, credentialCallsPerSecond, connections } = way.bounds;
  const doors: Door[] = [];
  const connected = new Set<Socket>();
  const refused = new Set<Socket>();
  const calling = new Set<Socket>();
  const attempts = perSecond(way.clock.now);
  const calls = perSecond(way.clock.now);

  function boundHit(nth: number): string | undefined {
    if (nth > attemptsPerSecond) return `${attemptsPerSecond} attempts a second`;
    return connected.size >= connections ? `${connections} connections at once` : undefined;
  }

  /** Listens before anyone can connect. */
  async function openDoor(
    server: Server,
    socket: string,
    enter: (client: Socket, shut: Door['shut']) => void,
  ): Promise<void> {
    let door: Door | undefined;
    server.on('connection', (client) => {
      // An error that nobody listens to would end the process.
      client.on('error', () => undefined);
      if (way.cut() === undefined) enter(client, (ms) => door?.shut(ms));
      else client.destroy();
    });
    door = await listenAt(server, place, socket, way.clock);
    doors.push(door);
  }

  return {
    open: async (socket, by, serve) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true });
      await openDoor(server, socket, (client, shut) => {
        const { nth, leftMs } = attempts.count();
        if (nth > attemptsPerSecond * floodTimes) shut(leftMs);
        const bound = boundHit(nth);
        if (bound === undefined) {
          stay(client, connected);
          way.track(serve(way, client).finally(() => client.destroy()));
          return;
        }
        way.report.addOver(by, bound);
        if (by !== proxyName || refused.size >= refusedMax) {
          client.destroy();
          return;
        }
        stay(client, refused);
        way.track(answerAndEnd(way, client, overBound(bound)).finally(() => client.destroy()));
      });
    },
    openCredentials: async (server) => {
      await openDoor(server, 'credentials', (client, shut) => {
        const { nth, leftMs } = calls.count();
        stay(client, calling);
        if (nth <= credentialCallsPerSecond) return;
        shut(leftMs);
        client.destroy();
      });
    },
    stand: () => doors.every((door) => door.stands()),
    close: () => {
      for (const client of [...connected, ...refused, ...calling]) client.destroy();
      for (const door of doors.splice(0)) door.close();
    },
  };
}

function stay(client: Socket, room: Set<Socket>): void {
  room.add(client);
  client.once('close', () => room.delete(client));
}
