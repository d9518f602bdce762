/** What a page types reaches the shell in order and whole, and a page that never stops is read no further. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { typingInto } from '../../../src/doors/web/typing.ts';
import { allTurns } from '../../support/session-world.ts';

type Reading = { paused: boolean; pauses: number };

function connection(): Reading & { pause(): void; resume(): void } {
  return {
    paused: false,
    pauses: 0,
    pause() {
      this.paused = true;
      this.pauses += 1;
    },
    resume() {
      this.paused = false;
    },
  };
}

it('types everything once, in order, in whatever pieces it came, and tells how much', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 100 }), async (pieces) => {
      const typed: Buffer[] = [];
      let told = 0;
      const type = async (bytes: Uint8Array): Promise<void> => {
        await new Promise((resolve) => setImmediate(resolve));
        typed.push(Buffer.from(bytes));
      };
      const typing = typingInto({ type }, connection(), (bytes) => {
        told += bytes;
      });
      for (const [at, piece] of pieces.entries()) {
        typing.take(piece);
        if (at % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await allTurns();
      const all = Buffer.concat(pieces);
      expect(Buffer.concat(typed).equals(all)).toBe(true);
      expect(told).toBe(all.length);
    }),
    { numRuns: 20 },
  );
});

it('stops reading of who sends more than is taken, also in single keystrokes, and goes on later', async () => {
  for (const [size, most] of [
    [16 * 1024, 70],
    [1, 5_000],
  ] as const) {
    const socket = connection();
    let goOn = Promise.withResolvers<void>();
    const typing = typingInto({ type: () => goOn.promise }, socket, () => {});
    let sent = 0;
    while (!socket.paused) {
      typing.take(Buffer.alloc(size));
      sent += 1;
    }
    expect(sent).toBeLessThan(most);
    const first = goOn;
    goOn = Promise.withResolvers();
    first.resolve();
    await allTurns();
    expect(socket.paused).toBe(false);
    // What waited is on its way as one piece now, and still not taken.
    typing.take(Buffer.alloc(size));
    typing.take(Buffer.alloc(16 * 1024));
    expect(socket.paused).toBe(true);
    goOn.resolve();
    await allTurns();
    expect(socket.paused).toBe(false);
  }
});
