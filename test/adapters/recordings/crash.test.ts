/** What dead writers leave: real ones, killed at any moment, and every state that a crash can leave on disk. */
import { execFile, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileRecordings } from '../../../src/adapters/recordings/file-recordings.ts';
import { verifyRecording } from '../../../src/domain/cast-chain.ts';
import { idBytes, idFrom } from '../../../src/domain/ids.ts';
import type { Recordings } from '../../../src/ports/recordings.ts';
import { castOf, dataOf, newRecording, sha256 } from '../../contract/recordings.ts';
import { type FilesGround, filesGround } from './files-ground.ts';

const sha256sum = async (path: string): Promise<string> =>
  (await promisify(execFile)('sha256sum', [path])).stdout.slice(0, 64);

let ground: FilesGround;
beforeEach(() => {
  ground = filesGround();
});
afterEach(() => ground[Symbol.asyncDispose]());

describe('a writer killed at any moment', () => {
  const flushMs = 400;
  /** A loaded machine's timers come late: 250 ms were too few where ten processes wanted each core. */
  const slackMs = 1_000;

  it.each(Array.from({ length: 6 }, (_, n) => n))(
    'leaves recordings that are closed truthfully (%i)',
    async () => {
      const access = idFrom('acc', randomBytes(idBytes));
      const sessions = Array.from({ length: 3 }, () => idFrom('ses', randomBytes(idBytes)));
      const script = join(import.meta.dirname, 'record-until-killed.ts');
      const child = spawn(process.execPath, [script, ground.dir, String(flushMs), access, ...sessions], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let told = '';
      child.stdout.on('data', (data: Buffer) => {
        told += data;
      });
      await once(child.stdout, 'data');
      await wait(randomInt(2_500));
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      const killedAt = Date.now();
      await closed;

      const orphans = await ground.recordings.orphans();
      const lines = told
        .trim()
        .split('\n')
        .map((line) => line.split(' ').map(Number));
      const begun = new Set(lines.map(([which]) => which));
      expect(orphans.length).toBeGreaterThanOrEqual(begun.size);
      for (const { of, digest } of orphans) {
        const which = sessions.indexOf(of.session);
        const path = ground.path(of);
        const file = readFileSync(path);
        expect(digest).toMatchObject({ bytes: file.length, sha256: await sha256sum(path) });
        expect(verifyRecording(file)).toEqual({ kind: 'whole' });
        const { events, reader } = castOf(file.toString());
        expect(reader).toMatchObject({ unreadable: 0, header: { title: of.session } });
        expect(events.at(-1)).toMatchObject({ code: 'm', data: 'cut off: the recorder died' });
        const shown = dataOf(events, 'o').split('\n');
        const cut = shown.pop() ?? '';
        expect(shown.every((line, n) => line === `${n} ✓`)).toBe(true);
        expect(`${shown.length} ✓\n`.startsWith(cut)).toBe(true);
        const due =
          lines.findLast(([of, , at]) => of === which && (at ?? 0) < killedAt - flushMs - slackMs)?.[1] ?? 0;
        expect(shown.length).toBeGreaterThanOrEqual(due);
      }
      expect(await ground.recordings.orphans()).toEqual(orphans);
      for (const { of } of orphans) await ground.recordings.settled(of.access, of.session);
      expect(await ground.recordings.orphans()).toEqual([]);
    },
  );
});

describe('whatever a crash leaves on disk', () => {
  const of = newRecording();
  let whole: Buffer;
  let after: Recordings;

  /** A file of three writes, whose writer is dead. */
  beforeEach(async () => {
    const recording = await ground.recordings.begin(of);
    for (const word of ['one', 'twö', 'three']) {
      const before = readFileSync(ground.path(of)).length;
      await recording.output(Buffer.from(`${word}\r\n`));
      while (readFileSync(ground.path(of)).length === before) await wait(5);
    }
    whole = readFileSync(ground.path(of));
    after = await ground.crash();
  });

  const closeWith = async (left: Uint8Array): Promise<Buffer> => {
    writeFileSync(ground.path(of), left);
    const [orphan] = await after.orphans();
    const file = readFileSync(ground.path(of));
    expect(orphan).toEqual({
      of,
      digest: { seconds: expect.any(Number), bytes: file.length, sha256: sha256(file) },
    });
    expect(verifyRecording(file)).toEqual({ kind: 'whole' });
    const { events, reader } = castOf(file.toString());
    expect(reader).toMatchObject({ unreadable: 0, header: { cols: 80 } });
    expect(events.filter(({ code }) => code === 'm')).toEqual([events.at(-1)]);
    return file;
  };

  it('is closed, wherever it was cut', async () => {
    for (let length = 0; length < whole.length; length += 1) {
      const file = await closeWith(whole.subarray(0, length));
      const kept = whole.subarray(0, whole.subarray(0, length).lastIndexOf('\n') + 1);
      if (kept.length > 0) expect(file.subarray(0, kept.length)).toEqual(kept);
    }
  });

  it('comes to the same end, wherever closing it was cut', async () => {
    const left = whole.subarray(0, whole.length - 90);
    const closed = await closeWith(left);
    for (let length = left.length; length < closed.length; length += 1)
      expect(await closeWith(closed.subarray(0, length))).toEqual(closed);
  });

  it('is closed without what a power failure wrote after it', async () => {
    const tail = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .constantFrom(
          '\0'.repeat(4_096),
          '[0,"o","x"',
          '[-1,"o","x"]\n',
          '{}\n\n',
          '[0.1,"o"]\n[0,"o","y"]\n',
        )
        .map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(tail, async (bytes) => {
        const file = await closeWith(Buffer.concat([whole, bytes]));
        expect(file.subarray(0, whole.length)).toEqual(whole);
        expect(dataOf(castOf(file.toString()).events, 'o')).toBe('one\r\ntwö\r\nthree\r\n');
      }),
      { numRuns: 60 },
    );
  });

  it('is made anew with its header where the file is missing', async () => {
    rmSync(ground.path(of));
    const [orphan] = await after.orphans();
    const file = readFileSync(ground.path(of));
    expect(orphan?.digest).toEqual({ seconds: 0, bytes: file.length, sha256: sha256(file) });
    expect(castOf(file.toString()).reader.header).toMatchObject({ title: of.title });
  });

  it('is closed the same by many at once', async () => {
    writeFileSync(ground.path(of), whole.subarray(0, whole.length - 30));
    const others = Array.from({ length: 8 }, () => fileRecordings(ground.options));
    const told = await Promise.all(others.map((each) => each.orphans()));
    const file = readFileSync(ground.path(of));
    for (const each of told)
      expect(each[0]?.digest).toMatchObject({ bytes: file.length, sha256: sha256(file) });
    expect(verifyRecording(file)).toEqual({ kind: 'whole' });
  });

  it('is closed as it is found where it was altered, and that is logged', async () => {
    const altered = Buffer.from(whole.toString().replace('one', 'two'));
    writeFileSync(ground.path(of), altered);
    const [orphan] = await after.orphans();
    const file = readFileSync(ground.path(of));
    expect(file.subarray(0, altered.length)).toEqual(altered);
    expect(orphan?.digest.sha256).toBe(sha256(file));
    expect(verifyRecording(file)).toEqual({ kind: 'altered', line: 4 });
    expect(ground.logged).toContain('a recording that was left open was altered');
  });

  it('does not stop the others where a note cannot be read or a file cannot be closed', async () => {
    const damaged = newRecording({ access: of.access });
    const stubborn = newRecording();
    await ground.recordings.begin(damaged);
    await ground.recordings.begin(stubborn);
    const other = await ground.crash();
    writeFileSync(ground.path(damaged, 'open'), '{"of":');
    copyFileSync(
      ground.path(of, 'open'),
      ground.path({ ...damaged, session: newRecording().session }, 'open'),
    );
    rmSync(ground.path(stubborn));
    symlinkSync(ground.path(of), ground.path(stubborn));
    expect((await other.orphans()).map((orphan) => orphan.of)).toEqual([of]);
    expect(new Set(ground.logged)).toEqual(
      new Set([
        'the note beside a recording cannot be read: its end is not told to the trail',
        'a recording that was left open cannot be closed',
      ]),
    );
  });

  it('is left alone while its writer lives, whom no process of the same number or another boot is', async () => {
    const alive = newRecording();
    const rebooted = newRecording();
    await ground.recordings.begin(alive);
    await ground.recordings.begin(rebooted);
    const note = JSON.parse(readFileSync(ground.path(rebooted, 'open'), 'utf8'));
    note.writer.boot = '00000000-0000-0000-0000-000000000000';
    writeFileSync(ground.path(rebooted, 'open'), JSON.stringify(note));
    const orphans = await fileRecordings(ground.options).orphans();
    expect(orphans.map((orphan) => orphan.of.session).toSorted()).toEqual(
      [of.session, rebooted.session].toSorted(),
    );
  });
});
