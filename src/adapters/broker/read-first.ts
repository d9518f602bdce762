/**
 * Reads the first bytes of a connection until a reader knows what they are, and leaves all of them in the stream; where
 * it never comes to know, they are lost. The reader bounds how much it may take; time is bounded here.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../ports/clock.ts';
import { inTime } from './in-time.ts';

/** A reader's answer to too few bytes: it wants to be asked again at `need` bytes in all. */
export type More = { readonly at: 'more'; readonly need: number };
export type NotRead = { readonly at: 'late' } | { readonly at: 'ended' };

export async function readFirst<Read extends { readonly at: string }>(
  client: Socket,
  read: (bytes: Buffer) => Read | More,
  { clock, ms }: { readonly clock: Clock; readonly ms: number },
): Promise<Read | NotRead> {
  if (client.destroyed || client.readableEnded) return { at: 'ended' };
  const { promise, resolve } = Promise.withResolvers<Read | NotRead>();
  let parts: Buffer[] = [];
  let length = 0;
  let need = 1;
  const look = (): void => {
    for (let part: Buffer | null = client.read(); part !== null; part = client.read()) {
      parts.push(part);
      length += part.length;
    }
    if (length < need) return;
    const held = Buffer.concat(parts);
    parts = [held];
    const answer = read(held);
    if (isMore(answer)) {
      need = answer.need;
      return;
    }
    letGo();
    // At once, before the stream can take itself for ended.
    client.unshift(held);
    resolve(answer);
  };
  const ended = (): void => resolve({ at: 'ended' });
  const letGo = (): void => void client.off('readable', look).off('end', ended).off('close', ended);
  client.on('readable', look).on('end', ended).on('close', ended);
  const answer = await inTime(clock, ms, promise);
  letGo();
  return answer === 'late' ? { at: 'late' } : answer;
}

function isMore<Read extends { readonly at: string }>(answer: Read | More): answer is More {
  return answer.at === 'more';
}
