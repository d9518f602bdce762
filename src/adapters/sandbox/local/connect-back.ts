/**
 * Has a sandbox's first process start a command that connects to a socket of ours: so it stands behind the fence, and we
 * hold a plain stream.
 */
import { once } from 'node:events';
import { chmodSync, chownSync, closeSync, rmSync, writeSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { inTime } from '../first-line.ts';
import { insideDoor } from './bwrap-arguments.ts';
import { callName, layCall, openControl } from './call.ts';
import type { Place } from './machine.ts';

/** `argv` is given the path inside of the socket to connect to. The command lasts as long as it likes. */
export async function connectBack(
  place: Place,
  gid: number,
  argv: (socket: string) => readonly string[],
): Promise<Socket> {
  const name = callName();
  const laid = layCall(place, gid, argv(`${insideDoor}/${name}/back`), name);
  const server = createServer();
  try {
    const path = join(laid.dir, 'back');
    server.listen(path);
    await once(server, 'listening');
    chownSync(path, -1, gid);
    chmodSync(path, 0o660);
    const connected = once(server, 'connection');
    connected.catch(() => {});
    ask(place, `${name} terminal\n`);
    const [stream] = (await inTime(connected)) as [Socket];
    return stream;
  } finally {
    // Whoever comes second finds no listener.
    server.close();
    rmSync(laid.dir, { recursive: true, force: true });
  }
}

function ask(place: Place, line: string): void {
  const control = openControl(place);
  try {
    writeSync(control, line);
  } finally {
    closeSync(control);
  }
}
