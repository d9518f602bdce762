/** Reads a file out of a standing sandbox: file.sh, started by its first process, reads it inside and hands it to us. */
import type { AccessId } from '../../../domain/ids.ts';
import type { ReadFile } from '../../../ports/sandbox-files.ts';
import { readerArguments, readOut, readSeconds } from '../read-out.ts';
import { connectBack } from './connect-back.ts';
import { type Machine, placeOf } from './machine.ts';
import { mustStand } from './standing.ts';

/** $0 is the socket, the rest what is to be run. */
const intoSocket = '"$@" | socat -u - "UNIX-CONNECT:$0"';

export async function readFile(
  machine: Machine,
  access: AccessId,
  path: string,
  mostBytes: number,
): Promise<ReadFile> {
  const { gid } = mustStand(machine, access);
  const source = await connectBack(placeOf(machine, access), gid, (socket) => [
    ...['timeout', '-s', 'KILL', String(readSeconds), '/bin/bash', '-c', intoSocket, socket],
    ...readerArguments(path, mostBytes),
  ]);
  return await readOut(source, mostBytes);
}
