/**
 * What a page types, on its way to the shell: in order, and bounded. While the shell takes nothing, what came is kept up
 * to a bound, so that the rest of what the page says is still heard; a page of ours never comes near it, for it waits to
 * be told what was taken. With more than that nothing further is read of the connection.
 */
import type { WebSocket } from 'ws';
import type { Attachment } from '../../flow/session.ts';

/** Several times what a page has on its way. */
const heldMax = 1024 * 1024;
/** What a message costs beside its bytes: a million single keystrokes are no megabyte. */
const perMessage = 256;

export type Typing = { take(bytes: Uint8Array): void };

/** `taken` is told how many bytes the shell has taken. */
export function typingInto(
  attachment: Pick<Attachment, 'type'>,
  socket: Pick<WebSocket, 'pause' | 'resume'>,
  taken: (bytes: number) => void,
): Typing {
  let waiting: Uint8Array[] = [];
  let held = 0;
  let busy = false;

  const run = async (): Promise<void> => {
    busy = true;
    while (waiting.length > 0) {
      const bytes = Buffer.concat(waiting);
      waiting = [];
      await attachment.type(bytes);
      held = waiting.reduce(costOf, 0);
      if (held <= heldMax) socket.resume();
      taken(bytes.length);
    }
    busy = false;
  };

  return {
    take: (bytes) => {
      waiting.push(bytes);
      held = costOf(held, bytes);
      if (held > heldMax) socket.pause();
      if (!busy) void run();
    },
  };
}

function costOf(sum: number, { length }: Uint8Array): number {
  return sum + length + perMessage;
}
