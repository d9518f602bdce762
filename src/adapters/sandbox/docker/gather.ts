/** Collects what a framed connection says, bounded: whoever says more goes unheard. */
import type { Socket } from 'node:net';
import { unframer } from './frames.ts';

/** Characters kept of each of stdout and stderr. */
const keptOutput = 1 << 20;

export type Gathered = {
  stdout(): string;
  stderr(): string;
  /** Settles when the connection ends; never rejects. */
  readonly ended: Promise<void>;
  /** Settles once both outputs hold the line. */
  saidBoth(line: string): Promise<void>;
};

export function gather(socket: Socket): Gathered {
  const unframe = unframer();
  // A character of several bytes may be cut by a frame.
  const decoders = [new TextDecoder(), new TextDecoder()] as const;
  const texts: [string, string] = ['', ''];
  const waiting = new Set<() => void>();
  socket.on('data', (chunk: Buffer) => {
    for (const { kind, bytes } of unframe(chunk)) {
      const index = kind === 2 ? 1 : 0;
      if (texts[index].length < keptOutput) texts[index] += decoders[index].decode(bytes, { stream: true });
    }
    for (const look of waiting) look();
  });
  const ended = new Promise<void>((resolve) => {
    socket.once('error', () => resolve());
    socket.once('end', resolve);
    socket.once('close', () => resolve());
  });
  return {
    stdout: () => texts[0],
    stderr: () => texts[1],
    ended,
    saidBoth: (line) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!texts.every((text) => text.split('\n').includes(line))) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
