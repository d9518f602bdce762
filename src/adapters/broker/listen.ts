/**
 * One Unix socket for a sandbox: made aside, given to its group, and then put in its place, so that nobody finds it
 * open to others or half made. The socket of a dead process is replaced, that of a living one is not.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { join } from 'node:path';
import { BrokerFault } from '../../ports/brokers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SocketPlace } from '../../ports/sandboxes.ts';

export type Door = {
  /** Has the kernel refuse whoever knocks for `ms`: during a flood even a refusal of ours would cost too much. */
  shut(ms: number): void;
  /** Whether it still listens, and its socket is still where it was put. */
  stands(): boolean;
  /** Stops listening and takes the socket away, at once. */
  close(): void;
};

/** Bytes of a path that a socket's address has room for, on Linux. A longer one would be cut off silently. */
const pathMax = 107;
const openMode = 0o660;

export async function listenAt(
  server: Server,
  { dir, gid }: SocketPlace,
  name: string,
  clock: Clock,
): Promise<Door> {
  const path = join(dir, name);
  const aside = join(dir, `.${randomBytes(4).toString('hex')}`);
  for (const each of [path, aside]) refuseIfLong(each);
  if (await isAnswered(path))
    throw new BrokerFault('taken', `another process of this host listens at ${path}`);
  try {
    server.listen(aside);
    await once(server, 'listening');
    chownSync(aside, -1, gid);
    chmodSync(aside, openMode);
    const { dev, ino } = lstatSync(aside);
    renameSync(aside, path);
    return doorAt(server, path, { dev, ino }, clock);
  } catch (cause) {
    server.close();
    rmSync(aside, { force: true });
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new BrokerFault('unavailable', `the socket ${path} could not be made: ${said}`, cause);
  }
}

function doorAt(
  server: Server,
  path: string,
  made: { readonly dev: number; readonly ino: number },
  clock: Clock,
): Door {
  const ours = (): boolean => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    return found?.ino === made.ino && found.dev === made.dev;
  };
  const setMode = (mode: number): void => {
    try {
      if (server.listening && ours()) chmodSync(path, mode);
    } catch {
      // Gone with its sandbox just now.
    }
  };
  let isShut = false;
  return {
    shut: (ms) => {
      if (isShut) return;
      isShut = true;
      setMode(0);
      void clock.sleep(ms).then(() => {
        isShut = false;
        setMode(openMode);
      });
    },
    stands: () => server.listening && ours(),
    close: () => {
      server.close();
      try {
        if (ours()) rmSync(path, { force: true });
      } catch {
        // A socket that is left behind leads nowhere, and is replaced at the next opening.
      }
    },
  };
}

function refuseIfLong(path: string): void {
  const length = Buffer.byteLength(path);
  if (length > pathMax)
    throw new BrokerFault(
      'invalid',
      `the path of a socket has room for ${pathMax} bytes, and ${path} has ${length}: choose a shorter data directory`,
    );
}

/** Whether a living process listens there; one whose queue is full does. */
async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
  } finally {
    socket.destroy();
  }
}
