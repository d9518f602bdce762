/** What every keeper of recordings must do; run on the memory twin, on files, and on files that are uploaded. */
import { createHash, randomBytes } from 'node:crypto';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CastEvent, castReader } from '../../src/domain/cast.ts';
import { verifyRecording } from '../../src/domain/cast-chain.ts';
import { type AccessId, idBytes, idFrom, type SessionId } from '../../src/domain/ids.ts';
import { RecordingFault, type RecordingOf, type Recordings } from '../../src/ports/recordings.ts';
import { noon } from '../support/builders.ts';

export type RecordingGround = AsyncDisposable & {
  readonly recordings: Recordings;
  /** The process that wrote them dies, and another takes its place. */
  crash(): Promise<Recordings>;
};

export function newRecording(more: Partial<RecordingOf> = {}): RecordingOf {
  return {
    access: idFrom('acc', randomBytes(idBytes)),
    session: idFrom('ses', randomBytes(idBytes)),
    startedAt: noon,
    size: { cols: 80, rows: 24 },
    title: 'payments-db',
    ...more,
  };
}

export function castOf(file: string): {
  readonly reader: ReturnType<typeof castReader>;
  readonly events: readonly CastEvent[];
} {
  const reader = castReader();
  return { reader, events: reader.read(file) };
}

/** All that one direction carried. */
export function dataOf(events: readonly CastEvent[], code: CastEvent['code']): string {
  return events
    .filter((event) => event.code === code)
    .map(({ data }) => data)
    .join('');
}

export async function fileOf(recordings: Recordings, { access, session }: RecordingOf): Promise<Buffer> {
  const stream = await recordings.read(access, session);
  if (stream === undefined) throw new Error('there is no file');
  return await buffer(stream);
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export function recordingsContract(name: string, make: () => Promise<RecordingGround>): void {
  describe(`recordings kept by ${name}`, () => {
    let ground: RecordingGround;
    let recordings: Recordings;
    beforeEach(async () => {
      ground = await make();
      recordings = ground.recordings;
    });
    afterEach(() => ground[Symbol.asyncDispose]());

    it('stand with their header before anything is shown', async () => {
      const of = newRecording({ size: { cols: 91, rows: 17 }, title: 'INC-4821 "quoted"\n\u{1f4a5}' });
      await recordings.begin(of);
      const { reader, events } = castOf((await fileOf(recordings, of)).toString());
      expect(reader.header).toEqual({ cols: 91, rows: 17, timestamp: noon / 1_000, title: of.title });
      expect(events).toEqual([]);
    });

    it('hold what was shown and typed, new sizes and the exit status, and digest the whole file', async () => {
      const of = newRecording();
      const recording = await recordings.begin(of);
      await recording.output(Buffer.from('$ '));
      await recording.input(Buffer.from('exit\r'));
      recording.resize({ cols: 120, rows: 40 });
      await recording.output(Buffer.from('exit\r\n'));
      const digest = await recording.end(3);
      const file = await fileOf(recordings, of);
      expect(castOf(file.toString()).events.map(({ code, data }) => [code, data])).toEqual([
        ['o', '$ '],
        ['i', 'exit\r'],
        ['r', '120x40'],
        ['o', 'exit\r\n'],
        ['x', '3'],
      ]);
      expect(digest).toEqual({ seconds: expect.any(Number), bytes: file.length, sha256: sha256(file) });
      expect(verifyRecording(file)).toEqual({ kind: 'whole' });
    });

    it('say that they ended where no status is known, and say it once', async () => {
      const of = newRecording();
      const recording = await recordings.begin(of);
      await recording.output(Buffer.from('half a character: \xe2\x9c', 'latin1'));
      const [one, two] = await Promise.all([recording.end(), recording.end(1)]);
      expect(one).toEqual(two);
      const { events } = castOf((await fileOf(recordings, of)).toString());
      expect(events.at(-1)).toMatchObject({ code: 'm', data: 'ended' });
      expect(dataOf(events, 'o')).toBe('half a character: \ufffd');
      await expect(recording.output(Buffer.from('more'))).rejects.toThrow(RecordingFault);
      await expect(recording.input(Buffer.from('more'))).rejects.toThrow(RecordingFault);
      recording.resize({ cols: 1, rows: 1 });
    });

    it('are begun once', async () => {
      const of = newRecording();
      const outcomes = await Promise.allSettled([1, 2, 3].map(() => recordings.begin(of)));
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected']);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(RecordingFault);
        else await outcome.value.end(0);
      const file = await fileOf(recordings, of);
      await recordings.settled(of.access, of.session);
      await expect(recordings.begin(of)).rejects.toThrow(RecordingFault);
      expect(await fileOf(recordings, of)).toEqual(file);
      expect(await recordings.orphans()).toEqual([]);
    });

    it.each([
      ['acc_aaaaaaaaaaaaaaaa', 'ses_aaaaaaaaaaaaaaaa'],
      ['../../../etc', 'passwd'],
      ['acc_aaaaaaaaaaaaaaaa', '../../secret'],
      ['acc_aaaaaaaaaaaaaaaa\0', 'ses_aaaaaaaaaaaaaaaa'],
      ['', ''],
    ])('are absent under %j, %j', async (access, session) => {
      expect(await recordings.read(access as AccessId, session as SessionId)).toBeUndefined();
      await recordings.settled(access as AccessId, session as SessionId);
    });

    it('are not begun under an ill-formed name', async () => {
      const of = newRecording({ session: '../../ses_aaaaaaaaaaaaaaaa' as SessionId });
      await expect(recordings.begin(of)).rejects.toThrow(RecordingFault);
    });

    it('are many at once, in one access and in several', async () => {
      const shared = newRecording().access;
      const all = Array.from({ length: 20 }, (_, n) => newRecording(n % 2 === 0 ? { access: shared } : {}));
      await Promise.all(
        all.map(async (of, n) => {
          const recording = await recordings.begin(of);
          for (let line = 0; line < 50; line += 1) await recording.output(Buffer.from(`${n}:${line}\n`));
          await recording.end(n);
        }),
      );
      for (const [n, of] of all.entries()) {
        const { events } = castOf((await fileOf(recordings, of)).toString());
        expect(dataOf(events, 'o')).toBe(Array.from({ length: 50 }, (_, line) => `${n}:${line}\n`).join(''));
        expect(events.at(-1)).toMatchObject({ code: 'x', data: String(n) });
      }
    });

    it('of a dead process are closed and told again, unchanged, until they are settled', async () => {
      const of = newRecording();
      const recording = await recordings.begin(of);
      await recording.output(Buffer.from('$ rm -rf /\r\n'));
      expect(await recordings.orphans()).toEqual([]);
      const after = await ground.crash();
      const first = await after.orphans();
      expect(first).toEqual([{ of, digest: expect.anything() }]);
      const file = await fileOf(after, of);
      expect(first[0]?.digest).toMatchObject({ bytes: file.length, sha256: sha256(file) });
      expect(castOf(file.toString()).events.at(-1)).toMatchObject({
        code: 'm',
        data: 'cut off: the recorder died',
      });
      expect(verifyRecording(file)).toEqual({ kind: 'whole' });
      const [again, too] = await Promise.all([after.orphans(), after.orphans()]);
      expect([again, too]).toEqual([first, first]);
      expect(await fileOf(after, of)).toEqual(file);
      await after.settled(of.access, of.session);
      expect(await after.orphans()).toEqual([]);
      expect(await fileOf(after, of)).toEqual(file);
    });

    it.each([undefined, 0])(
      'that ended with status %s before the crash are as they ended',
      async (status) => {
        const [of, told] = [newRecording(), newRecording()];
        const digest = await (await recordings.begin(of)).end(status);
        await (await recordings.begin(told)).end(status);
        await recordings.settled(told.access, told.session);
        const after = await ground.crash();
        expect(await after.orphans()).toEqual([{ of, digest }]);
      },
    );

    it('read as far as they are while they are written', async () => {
      const of = newRecording();
      const recording = await recordings.begin(of);
      const stream = await recordings.read(of.access, of.session);
      await recording.end(0);
      expect(stream).toBeDefined();
      if (stream !== undefined) expect(castOf(await text(stream)).reader.header).toBeDefined();
    });
  });
}
