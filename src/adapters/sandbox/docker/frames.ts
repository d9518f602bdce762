/**
 * The engine's framing of output: eight bytes of heading (1: stdout or 2: stderr, three zeros, a length as 32 bits, high
 * byte first), then so many bytes.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

export type Frame = { readonly kind: number; readonly bytes: Buffer };

const headingBytes = 8;

/** Takes in what arrives, in whatever pieces, and gives out what of it belongs to which stream. */
export function unframer(): (chunk: Buffer) => readonly Frame[] {
  let heading = Buffer.alloc(0);
  let kind = 0;
  let left = 0;
  return (chunk) => {
    const frames: Frame[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (left === 0) {
        const more = chunk.subarray(at, at + headingBytes - heading.length);
        heading = Buffer.concat([heading, more]);
        at += more.length;
        if (heading.length < headingBytes) break;
        kind = heading.readUInt8(0);
        left = heading.readUInt32BE(4);
        heading = Buffer.alloc(0);
        continue;
      }
      const bytes = chunk.subarray(at, at + left);
      frames.push({ kind, bytes });
      at += bytes.length;
      left -= bytes.length;
    }
    return frames;
  };
}

/**
 * A plain stream over a framed connection: reads what the process says on its stdout, writes to its stdin, and holds
 * back both ways. A connection that breaks is the end, not an error: who reads it can do nothing else about it.
 */
export function plainStream(socket: Socket): Duplex {
  const unframe = unframer();
  const stream = new Duplex({
    allowHalfOpen: false,
    read: () => {
      socket.resume();
    },
    write: (chunk: Buffer, _encoding, done) => {
      socket.write(chunk, () => done());
    },
    final: (done) => {
      socket.end(() => done());
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk: Buffer) => {
    let wanted = true;
    for (const { kind, bytes } of unframe(chunk)) if (kind === 1) wanted = stream.push(bytes) && wanted;
    if (!wanted) socket.pause();
  });
  socket.on('error', () => stream.destroy());
  socket.on('end', () => stream.push(null));
  // What was read before the connection closed is still to be handed out; only then is it the end.
  socket.on('close', () => {
    if (!stream.readableEnded) stream.push(null);
  });
  return stream;
}
