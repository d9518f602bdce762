/** Downloads on memory ports: who may, how much, what is on the record before anything is sent, and what cuts them. */
import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Details } from '../../src/domain/audit.ts';
import type { AccessId } from '../../src/domain/ids.ts';
import type { Person } from '../../src/domain/people.ts';
import { isRefused, type Refusal, type Refused } from '../../src/domain/refusal.ts';
import { makeAttendance } from '../../src/flow/attendance.ts';
import type { Flow } from '../../src/flow/deps.ts';
import { type Download, type Downloads, makeDownloads } from '../../src/flow/downloads.ts';
import { done } from '../../src/flow/end-early.ts';
import { SandboxFault } from '../../src/ports/sandboxes.ts';
import { makePolicy } from '../support/builders.ts';
import { type MemoryWorld, memoryWorld } from '../support/memory-world.ts';
import { activeAccess, allTurns, ana, eventually, lea } from '../support/session-world.ts';

const off = 'off';
const lets = (download: string, memory = '512Mi') =>
  makePolicy((input) => {
    Object.assign(input.targets['payments-db'].sandbox, {
      memory,
      ...(download === off ? {} : { download }),
    });
    Object.assign(input.targets['payments-db'], { reviewers: ['on-call'] });
  });

const report = '/home/engineer/report.csv';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

type Stage = { readonly world: MemoryWorld; readonly access: AccessId; readonly downloads: Downloads };

async function stage(download = '1Ki', wrap?: (deps: Flow) => Flow): Promise<Stage> {
  const world = memoryWorld(lets(download), wrap);
  world.files.at.set(report, 'id,total\n1,2\n');
  const attendance = makeAttendance(world.deps, new AbortController().signal);
  const access = await activeAccess(world);
  return { world, access, downloads: makeDownloads(world.deps, attendance) };
}

function given(outcome: Download | Refused): Download {
  if (isRefused(outcome)) throw new Error(`refused: ${JSON.stringify(outcome.refused)}`);
  return outcome;
}

function refusal(outcome: Download | Refused): Refusal {
  if (!isRefused(outcome)) throw new Error(`not refused: ${outcome.path}`);
  return outcome.refused;
}

async function text(download: Download): Promise<string> {
  let all = '';
  for await (const chunk of download.stream) all += String(chunk);
  return all;
}

async function told({ world, access }: Stage): Promise<readonly (readonly [string, Details])[]> {
  const trail = await world.ledger.trail(0, 10_000);
  return trail
    .filter(({ entry }) => entry.access === access && /^file|refused/.test(entry.action))
    .map(({ entry }) => [entry.action, entry.details]);
}

const start = ({ downloads, access }: Stage, path = 'report.csv', person: Person = ana) =>
  downloads.start({ access, person }, path);

describe('a download', () => {
  it('is on the record, with what it holds, before it is handed on, and leaves nothing behind', async () => {
    const on = await stage();
    {
      await using file = given(await start(on));
      expect(await told(on)).toEqual([
        ['file.downloaded', { path: report, bytes: 13, sha256: sha256('id,total\n1,2\n') }],
      ]);
      expect(file).toMatchObject({ path: report, bytes: 13 });
      expect(await text(file)).toBe('id,total\n1,2\n');
    }
    expect(on.world.spool.kept()).toBe(0);
  });

  it('is of what was read, whatever the file becomes', async () => {
    const on = await stage();
    await using file = given(await start(on));
    on.world.files.at.set(report, 'other');
    expect(await text(file)).toBe('id,total\n1,2\n');
  });

  it('counts what has left against what may leave, whatever process let it', async () => {
    const on = await stage('1Ki');
    on.world.files.at.set('/tmp/big', 'x'.repeat(700));
    {
      await using file = given(await start(on, '/tmp/big'));
      expect(file.bytes).toBe(700);
    }
    const anew = {
      ...on,
      downloads: makeDownloads(on.world.deps, makeAttendance(on.world.deps, new AbortController().signal)),
    };
    expect(refusal(await start(anew, '/tmp/big'))).toEqual({
      code: 'file-too-big',
      bytes: 700,
      leftBytes: 324,
      maxBytes: 1_024,
    });
    expect(on.world.files.asked.map(({ mostBytes }) => mostBytes)).toEqual([1_024, 324]);
    await using small = given(await start(anew));
    expect(small.bytes).toBe(13);
    expect((await told(on)).map(([action, { bytes }]) => [action, bytes])).toEqual([
      ['file.downloaded', 700],
      ['access.refused', 700],
      ['file.downloaded', 13],
    ]);
  });

  it('leaves nothing where the ledger takes no entry', async () => {
    let broken = false;
    const on = await stage('1Ki', (deps) => ({
      ...deps,
      ledger: {
        ...deps.ledger,
        append: async (entries) => {
          if (broken && entries.some(({ action }) => action === 'file.downloaded'))
            throw new Error('Redis is away');
          await deps.ledger.append(entries);
        },
      },
    }));
    broken = true;
    await expect(start(on)).rejects.toThrow('Redis is away');
    expect(on.world.spool.kept()).toBe(0);
    broken = false;
    await using file = given(await start(on));
    expect(file.bytes).toBe(13);
  });
});

describe('is refused, on the record,', () => {
  const refusedWith = async (on: Stage, details: Details): Promise<void> => {
    expect((await told(on)).at(-1)).toEqual(['access.refused', { doing: 'download', ...details }]);
    expect(on.world.spool.kept()).toBe(0);
  };

  it('where the policy lets nothing leave, and nothing inside is asked', async () => {
    const on = await stage(off);
    expect(refusal(await start(on)).code).toBe('download-off');
    await refusedWith(on, { code: 'download-off', path: 'report.csv' });
    expect(on.world.files.asked).toEqual([]);
  });

  it.each([
    ['lets files leave only since', off, lets('1Ki')],
    ['lets more leave since', '1Ki', lets('1Gi')],
    ['grants more since', '1Ki', lets('1Ki', '1Gi')],
  ])('where the policy %s', async (_, approved, today) => {
    const on = await stage(approved);
    on.world.setPolicy(today);
    expect(refusal(await start(on)).code).toBe('terms-changed');
    await refusedWith(on, { code: 'terms-changed', path: 'report.csv' });
    expect(on.world.files.asked).toEqual([]);
  });

  it.each([
    ['an approver', lea, 'not-yours'],
    ['a reviewer', { id: 'U0BEN', name: 'ben' }, 'not-yours'],
    ['whoever may not even see it', { id: 'U0OUT', name: 'out' }, 'no-such-access'],
  ])('to %s', async (_, person, code) => {
    const on = await stage();
    expect(refusal(await start(on, 'report.csv', person)).code).toBe(code);
    await refusedWith(on, { code, path: 'report.csv' });
    expect(on.world.files.asked).toEqual([]);
  });

  it('once the access is over, by the clock or by a word', async () => {
    const on = await stage();
    await done(on.world.deps, { access: on.access, person: ana });
    expect(refusal(await start(on)).code).toBe('wrong-state');
    const other = await stage();
    other.world.clock.tick(45 * 60_000);
    expect(refusal(await start(other)).code).toBe('wrong-state');
    await refusedWith(other, { code: 'wrong-state', path: 'report.csv' });
  });

  it('where the trail does not prove the access', async () => {
    let isCut = false;
    const on = await stage('1Ki', (deps) => ({
      ...deps,
      ledger: {
        ...deps.ledger,
        evidence: async (stored) =>
          isCut ? { flaw: 'an entry is missing' } : await deps.ledger.evidence(stored),
      },
    }));
    isCut = true;
    expect(refusal(await start(on)).code).toBe('unproven');
    expect(on.world.files.asked).toEqual([]);
  });

  it.each([
    ['/etc/shadow', 'outside', '/etc/shadow'],
    ['../x', 'outside', '../x'],
    ['', 'unnamed', ''],
    ['gone.txt', 'absent', 'gone.txt'],
    ['dir', 'directory', 'dir'],
    ['a\u202e\nb', 'absent', 'a b'],
  ])('where %j is no file: %s', async (written, why, path) => {
    const on = await stage();
    on.world.files.at.set('/home/engineer/dir', { flaw: 'directory' });
    expect(refusal(await start(on, written))).toMatchObject({ code: 'no-file', why });
    await refusedWith(on, { code: 'no-file', why, path });
  });

  it('where the sandbox, or the host, fails, and says what failed', async () => {
    const on = await stage();
    on.world.files.at.set(report, new SandboxFault('gone', 'no sandbox stands', { retryable: false }));
    expect(refusal(await start(on))).toEqual({ code: 'download-failed', why: 'no sandbox stands' });
    await refusedWith(on, { code: 'download-failed', path: 'report.csv', why: 'no sandbox stands' });
    on.world.files.at.set(report, 'x');
    on.world.spool.full = true;
    expect(refusal(await start(on)).code).toBe('download-failed');
    await refusedWith(on, {
      code: 'download-failed',
      path: 'report.csv',
      why: 'the host could not keep it: ENOSPC',
    });
  });

  it('where the file breaks off while it is read', async () => {
    const on = await stage();
    const stream = new PassThrough();
    on.world.files.at.set(report, { bytes: 5, stream });
    stream.write('ab');
    const outcome = start(on);
    await eventually(() => expect(on.world.files.asked).toHaveLength(1));
    stream.destroy(new SandboxFault('stuck', 'the file became shorter', { retryable: true }));
    expect(refusal(await outcome)).toMatchObject({ code: 'download-failed', why: 'the file became shorter' });
    expect((await told(on)).map(([action]) => action)).toEqual(['access.refused']);
  });

  it.each([
    [
      'the access ends',
      'wrong-state',
      (on: Stage) => done(on.world.deps, { access: on.access, person: ana }),
    ],
    ['the policy takes it back', 'terms-changed', async (on: Stage) => on.world.setPolicy(lets(off))],
  ])('where %s while it is read', async (_, code, meanwhile) => {
    const on = await stage();
    const stream = new PassThrough();
    on.world.files.at.set(report, { bytes: 2, stream });
    const outcome = start(on);
    await eventually(() => expect(on.world.files.asked).toHaveLength(1));
    await meanwhile(on);
    stream.end('ab');
    expect(refusal(await outcome).code).toBe(code);
    await refusedWith(on, { code, path: 'report.csv' });
  });
});

describe('many at once', () => {
  it('are one for each access, so that together they take no more than may leave', async () => {
    const on = await stage('1Ki');
    on.world.files.at.set('/tmp/big', 'x'.repeat(700));
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => start(on, '/tmp/big')));
    const files = outcomes.filter((each) => !isRefused(each));
    expect(files).toHaveLength(1);
    const codes = outcomes.flatMap((each) => (isRefused(each) ? [each.refused.code] : []));
    expect(new Set(codes)).toEqual(new Set(['download-under-way']));
    for (const file of files) await given(file)[Symbol.asyncDispose]();
    expect(refusal(await start(on, '/tmp/big')).code).toBe('file-too-big');
  });

  it('of two accesses do not wait for each other', async () => {
    const on = await stage();
    const access = await activeAccess(on.world);
    await using one = given(await start(on));
    await using other = given(await start({ ...on, access }));
    expect([one.bytes, other.bytes]).toEqual([13, 13]);
  });

  it('are so many in a minute, and the others do not fill the trail', async () => {
    const on = await stage();
    for (let attempt = 0; attempt < 100; attempt += 1) await start(on, 'gone.txt');
    expect(refusal(await start(on)).code).toBe('too-many-attempts');
    const codes = (await told(on)).map(([, { code }]) => code);
    expect(codes).toHaveLength(31);
    expect(codes.at(-1)).toBe('too-many-attempts');
    on.world.clock.tick(60_000);
    await using file = given(await start(on));
    expect(file.bytes).toBe(13);
  });
});

describe('the end of its access', () => {
  it('cuts what is still being sent, and lets go of it', async () => {
    const on = await stage();
    on.world.files.at.set(report, 'x'.repeat(1_000));
    const file = given(await start(on));
    await done(on.world.deps, { access: on.access, person: ana });
    await eventually(async () => {
      on.world.clock.tick(250);
      await allTurns();
      expect(file.stream.destroyed).toBe(true);
    });
    await expect(text(file)).rejects.toThrow();
    await file[Symbol.asyncDispose]();
    expect(on.world.spool.kept()).toBe(0);
  });

  it('cuts a later one too', async () => {
    const on = await stage();
    {
      await using first = given(await start(on));
      expect(await text(first)).toBe('id,total\n1,2\n');
    }
    await using second = given(await start(on));
    await done(on.world.deps, { access: on.access, person: ana });
    await eventually(async () => {
      on.world.clock.tick(250);
      await allTurns();
      expect(second.stream.destroyed).toBe(true);
    });
  });
});
