/** Readings of whole recordings: in turns, in pieces, and only for somebody who is still there. */
import { PassThrough, Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { eventLine, headerLine } from '../../../src/domain/cast.ts';
import { makeReading, type Outcome } from '../../../src/doors/web/reading.ts';
import { newId } from '../../support/builders.ts';
import { allTurns, ana, lea, size } from '../../support/session-world.ts';

const access = newId();
const session = 'ses_aaaaaaaaaaaaaaaa';
const here = new AbortController().signal;
const header = headerLine(size);
const nothing = (): void => {};

it('lets the loop turn between the pieces', async () => {
  const pieces = [header, ...Array.from({ length: 100 }, () => eventLine(0, 'o', 'x'))];
  const reading = makeReading({ read: async () => Readable.from(pieces.map((each) => Buffer.from(each))) });
  let [events, turns, over] = [0, 0, false];
  const count = (): void => {
    turns += 1;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  const outcome = await reading({ access, session, person: ana, gone: here }, () => {
    events += 1;
  });
  over = true;
  expect([outcome, events]).toEqual(['whole', 100]);
  expect(turns).toBeGreaterThanOrEqual(100);
});

it('reads for one person once at a time, five of theirs in all, and for others meanwhile', async () => {
  const streams: PassThrough[] = [];
  const reading = makeReading({
    read: async () => {
      const stream = new PassThrough();
      streams.push(stream);
      return stream;
    },
  });
  const read = (person = ana): Promise<Outcome> => reading({ access, session, person, gone: here }, nothing);
  const five = Array.from({ length: 5 }, () => read());
  expect(await read()).toBe('busy');
  await allTurns();
  expect(streams).toHaveLength(1);
  const other = read(lea);
  await allTurns();
  expect(streams).toHaveLength(2);
  // One that breaks is no obstacle to the next.
  streams[0]?.destroy(new Error('the disk'));
  await expect(five[0]).rejects.toThrow('the disk');
  streams[1]?.end(header);
  expect(await other).toBe('whole');
  for (let next = 2; next <= 5; next += 1) {
    await allTurns();
    expect(streams).toHaveLength(next + 1);
    streams[next]?.end(header);
  }
  expect(await Promise.all(five.slice(1))).toEqual(['whole', 'whole', 'whole', 'whole']);
  const again = read();
  await allTurns();
  streams[6]?.end(header);
  expect(await again).toBe('whole');
});

it('stops when they go, and begins nothing for who went while waiting', async () => {
  const streams: PassThrough[] = [];
  const reading = makeReading({
    read: async () => {
      const stream = new PassThrough();
      streams.push(stream);
      return stream;
    },
  });
  const gone = new AbortController();
  const two = [0, 1].map(() => reading({ access, session, person: ana, gone: gone.signal }, nothing));
  await allTurns();
  streams[0]?.write(header);
  await allTurns();
  gone.abort();
  expect(await Promise.all(two)).toEqual(['gone', 'gone']);
  expect(streams).toHaveLength(1);
  expect(streams[0]?.destroyed).toBe(true);
});

it('says where there is no such recording', async () => {
  const reading = makeReading({ read: async () => undefined });
  expect(await reading({ access, session, person: ana, gone: here }, nothing)).toBe('absent');
});
