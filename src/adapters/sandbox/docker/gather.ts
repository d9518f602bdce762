/** Collects what a framed connection says. */
import type { Socket } from 'node:net';
import { type Said, said } from '../said.ts';
import { unframer } from './frames.ts';

export type Gathered = Said & {
  /** Settles when the connection ends; never rejects. */
  readonly ended: Promise<void>;
};

export function gather(socket: Socket): Gathered {
  const unframe = unframer();
  const heard = said();
  socket.on('data', (chunk: Buffer) => {
    for (const { kind, bytes } of unframe(chunk)) heard.hear(kind === 2 ? 'stderr' : 'stdout', bytes);
  });
  const ended = new Promise<void>((resolve) => {
    socket.once('error', () => resolve());
    socket.once('end', resolve);
    socket.once('close', () => resolve());
  });
  return { ...heard, ended };
}
