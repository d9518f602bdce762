/** All sessions of a process: opened in order, on the record from begin to end, and over with their access. */
import { duplexPair } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Draft } from '../../src/domain/audit.ts';
import type { AccessId } from '../../src/domain/ids.ts';
import { isRefused } from '../../src/domain/refusal.ts';
import { makeAttendance } from '../../src/flow/attendance.ts';
import { done, revoke } from '../../src/flow/end-early.ts';
import { endOrphans } from '../../src/flow/end-session.ts';
import { makeSessions, type Sessions } from '../../src/flow/sessions.ts';
import { LedgerFault } from '../../src/ports/ledger.ts';
import { RecordingFault } from '../../src/ports/recordings.ts';
import { makePolicy } from '../support/builders.ts';
import { noSandbox } from '../support/memory-terminals.ts';
import { type MemoryWorld, memoryWorld } from '../support/memory-world.ts';
import {
  activeAccess,
  allTurns,
  ana,
  eventually,
  lea,
  opened,
  recorded,
  refusal,
  screen,
  sessionTrail,
  size,
} from '../support/session-world.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

type Hooks = { beforeAppend?: (entries: readonly Draft[]) => Promise<void> | void };

type Stage = {
  readonly world: MemoryWorld;
  readonly access: AccessId;
  readonly sessions: Sessions;
  readonly hooks: Hooks;
  /** Stops noticing that accesses end, as a stopping bot does. */
  readonly stop: AbortController;
};

async function stage(): Promise<Stage> {
  const hooks: Hooks = {};
  const world = memoryWorld(makePolicy(), (deps) => ({
    ...deps,
    ledger: {
      ...deps.ledger,
      append: async (entries) => {
        await hooks.beforeAppend?.(entries);
        await deps.ledger.append(entries);
      },
    },
  }));
  const access = await activeAccess(world);
  const stop = new AbortController();
  return { world, access, sessions: sessionsOf(world, stop.signal), hooks, stop };
}

function sessionsOf(world: MemoryWorld, stop: AbortSignal): Sessions {
  return makeSessions(world.deps, makeAttendance(world.deps, stop), async () => {});
}

const away = new LedgerFault('unavailable', 'Redis did not do it');
const isAbout = (entries: readonly Draft[], action: string): boolean =>
  entries.some((entry) => entry.action === action);

/** Lets time pass until it is so: what waits, waits for the hand-set clock. */
async function inTime(world: MemoryWorld, check: () => void | Promise<void>): Promise<void> {
  await eventually(async () => {
    world.tick(250);
    await allTurns();
    await check();
  });
}

describe('opening', () => {
  it('begins the recording, then says so, and only then starts the shell', async () => {
    const { world, access, sessions, hooks } = await stage();
    const order: string[] = [];
    hooks.beforeAppend = async (entries) => {
      if (!isAbout(entries, 'session.started')) return;
      const [, id = ''] = /"session":"(\w+)"/.exec(JSON.stringify(entries)) ?? [];
      const text = await recorded(world, access, id as `ses_${string}`);
      order.push(`${text === '' ? 'no recording' : 'recording'}, ${world.terminals.opened.length} shells`);
    };
    const session = opened(await sessions.open(access, ana, size));
    expect(order).toEqual(['recording, 0 shells']);
    expect(world.terminals.opened.length).toBe(1);
    const [started] = (await world.ledger.trail(0, 1_000)).slice(-1);
    expect(started?.entry).toMatchObject({
      action: 'session.started',
      actor: { kind: 'person', id: 'U0ANA' },
      target: 'payments-db',
      details: {
        session: session.id,
        cols: 80,
        rows: 24,
        recording: `recordings/${access}/${session.id}.cast`,
      },
    });
  });

  it('is for the requester of an active access', async () => {
    const { world, access, sessions } = await stage();
    expect(refusal(await sessions.open(access, lea, size)).code).toBe('not-yours');
    expect(refusal(await sessions.open(access, { id: 'U0OUT', name: 'out' }, size)).code).toBe(
      'no-such-access',
    );
    const waiting = await world.ask({ reason: 'another one, INC-1' });
    expect(refusal(await sessions.open(waiting, ana, size))).toMatchObject({ code: 'wrong-state' });
    world.directory.change('U0ANA', { deleted: true });
    expect(refusal(await sessions.open(access, ana, size))).toEqual({
      code: 'ineligible',
      why: 'deactivated',
    });
    world.directory.change('U0ANA', { deleted: false });
    world.directory.down.add('U0ANA');
    expect(refusal(await sessions.open(access, ana, size)).code).toBe('directory-unavailable');
    expect(world.terminals.opened).toEqual([]);
    expect(await sessionTrail(world, access)).toEqual([
      'access.refused: not-yours',
      'access.refused: no-such-access',
      'access.refused: ineligible',
      'access.refused: directory-unavailable',
    ]);
  });

  it('is refused when the end has come by the clock, whatever the ledger still says', async () => {
    const { world, access, sessions } = await stage();
    world.clock.tick(46 * 60_000);
    expect(refusal(await sessions.open(access, ana, size)).code).toBe('wrong-state');
  });

  it('is refused, with an alarm, where the record does not verify', async () => {
    const { world, access, sessions } = await stage();
    const { evidence } = world.deps.ledger;
    const ledger = { ...world.deps.ledger, evidence: async () => ({ flaw: 'an entry was altered' }) };
    expect((await evidence(await world.stored(access))) as object).toHaveProperty('entries');
    const doubted = makeSessions(
      { ...world.deps, ledger },
      makeAttendance(world.deps, AbortSignal.abort()),
      async () => {},
    );
    expect(refusal(await doubted.open(access, ana, size)).code).toBe('unproven');
    expect(await world.told(access)).toContain('alarm.raised');
    world.ledger.forge(access);
    expect(refusal(await sessions.open(access, ana, size)).code).toBe('unproven');
    expect(world.terminals.opened).toEqual([]);
  });

  it('gives way to an access that ends between any two of its steps', async () => {
    for (const step of ['begin', 'session.started', 'terminal'] as const) {
      const { world, access, sessions, hooks } = await stage();
      const end = async (): Promise<void> => void (await done(world.deps, { access, person: ana }));
      const { begin } = world.recordings;
      const { terminal } = world.terminals;
      if (step === 'begin')
        world.recordings.begin = async (of) => {
          await end();
          return begin(of);
        };
      if (step === 'session.started')
        hooks.beforeAppend = async (entries) => {
          if (isAbout(entries, 'session.started')) await end();
        };
      if (step === 'terminal')
        world.terminals.terminal = async (...which) => {
          await end();
          return terminal(...which);
        };
      const outcome = await sessions.open(access, ana, size);
      if (step === 'terminal') {
        expect((await opened(outcome).ended).why).toBe('its requester is done');
        expect(world.terminals.opened[0]?.hungUp()).toBe(true);
      } else {
        expect(refusal(outcome)).toMatchObject({ code: 'wrong-state' });
        expect(world.terminals.opened).toEqual([]);
      }
      const why = step === 'terminal' ? 'its requester is done' : 'the access ended meanwhile';
      await eventually(async () => {
        const said = await sessionTrail(world, access);
        expect(said.slice(0, 2)).toEqual(['session.started', `session.ended: ${why}`]);
      });
      expect(sessions.of(access)).toEqual([]);
    }
  });

  it('is refused with the reason, on the record, where nothing can be recorded', async () => {
    const { world, access, sessions } = await stage();
    world.recordings.begin = async () => {
      throw new RecordingFault('the disk is full');
    };
    expect(refusal(await sessions.open(access, ana, size))).toEqual({
      code: 'not-recordable',
      why: 'the disk is full',
    });
    expect(await sessionTrail(world, access)).toEqual(['access.refused: not-recordable']);
    expect(world.terminals.opened).toEqual([]);
  });

  it('that fails at the terminal is on the record, with its recording closed', async () => {
    const { world, access, sessions } = await stage();
    world.terminals.failWith = noSandbox;
    await expect(sessions.open(access, ana, size)).rejects.toThrow('no sandbox stands');
    await eventually(async () =>
      expect(await sessionTrail(world, access)).toEqual([
        'session.started',
        'session.ended: it could not be opened: no sandbox stands',
      ]),
    );
    world.terminals.failWith = undefined;
    opened(await sessions.open(access, ana, size));
  });

  it('that the ledger does not take starts no shell, and its end is said once the ledger is back', async () => {
    const { world, access, sessions, hooks } = await stage();
    hooks.beforeAppend = () => {
      throw away;
    };
    await expect(sessions.open(access, ana, size)).rejects.toThrow('Redis did not do it');
    expect(world.terminals.opened).toEqual([]);
    delete hooks.beforeAppend;
    await inTime(world, async () => expect((await sessionTrail(world, access)).length).toBe(1));
    expect(await sessionTrail(world, access)).toEqual([
      'session.ended: it could not be opened: Redis did not do it',
    ]);
  });

  it('often at once opens as many as one by one, and says no to the others', async () => {
    const { world, access, sessions } = await stage();
    const outcomes = await Promise.all(Array.from({ length: 25 }, () => sessions.open(access, ana, size)));
    expect(outcomes.filter((each) => 'id' in each).length).toBe(8);
    expect(world.terminals.opened.length).toBe(8);
    expect(sessions.of(access).length).toBe(8);
    const refused = outcomes.flatMap((each) => ('refused' in each ? [each.refused.code] : []));
    expect(new Set(refused)).toEqual(new Set(['too-many-sessions']));
    sessions.of(access)[0]?.cut('closed');
    await eventually(() => expect(sessions.of(access).length).toBe(7));
    opened(await sessions.open(access, ana, size));
  });

  it('is tried so many times in a minute, and the others neither open anything nor fill the trail', async () => {
    const { world, access, sessions } = await stage();
    world.directory.change('U0ANA', { deleted: true });
    for (let nth = 0; nth < 200; nth += 1) await sessions.open(access, ana, size);
    expect(await sessionTrail(world, access)).toEqual([
      ...Array<string>(30).fill('access.refused: ineligible'),
      'access.refused: too-many-attempts',
    ]);
    world.directory.change('U0ANA', { deleted: false });
    expect(refusal(await sessions.open(access, ana, size)).code).toBe('too-many-attempts');
    expect(world.terminals.opened).toEqual([]);
    world.tick(60_000);
    // Those that are opened count as well.
    for (let nth = 0; nth < 50; nth += 1) {
      const outcome = await sessions.open(access, ana, size);
      if (!isRefused(outcome)) {
        outcome.cut('closed');
        await outcome.ended;
        await allTurns();
      }
    }
    expect(world.terminals.opened.length).toBe(30);
  });
});

describe('an end', () => {
  it('of the access cuts every session of it within a quarter of a second, and those of no other', async () => {
    const { world, access, sessions } = await stage();
    const other = await activeAccess(world);
    const [one, two, unharmed] = [
      opened(await sessions.open(access, ana, size)),
      opened(await sessions.open(access, ana, size)),
      opened(await sessions.open(other, ana, size)),
    ];
    const viewer = screen(ana);
    one.attach(viewer);
    await revoke(world.deps, { access, why: 'enough <b>', by: { person: lea } });
    await allTurns();
    world.clock.tick(250);
    expect((await one.ended).why).toBe('lea revoked it: enough <b>');
    expect((await two.ended).why).toBe('lea revoked it: enough <b>');
    expect(viewer.overBecause()).toBe('lea revoked it: enough <b>');
    expect(sessions.of(other)).toEqual([unharmed]);
  });

  it('comes by the clock although the ledger is away', async () => {
    const { world, access, sessions } = await stage();
    const session = opened(await sessions.open(access, ana, size));
    await allTurns();
    world.ledger.read = async () => {
      throw away;
    };
    const ended = (await world.ledger.recent(1)).length;
    expect(ended).toBe(1);
    // The idle time of the policy is shorter than the access: typing keeps it.
    const attachment = session.attach(screen(ana));
    for (let minute = 0; minute < 44; minute += 1) {
      world.clock.tick(60_000);
      await attachment.type(Buffer.from('x'));
      await allTurns();
    }
    expect(sessions.of(access)).toEqual([session]);
    world.clock.tick(61_000);
    await allTurns();
    expect((await session.ended).why).toBe('its time is up');
  });

  it('comes when the record is forged or gone', async () => {
    for (const harm of ['forge', 'takeOut'] as const) {
      const { world, access, sessions } = await stage();
      const session = opened(await sessions.open(access, ana, size));
      await allTurns();
      world.ledger[harm](access);
      world.clock.tick(250);
      expect((await session.ended).why).toMatch(/gone or was altered/);
    }
  });

  it('is said with its target and digest, and again until the ledger takes it, once', async () => {
    const { world, access, sessions, hooks } = await stage();
    const session = opened(await sessions.open(access, ana, size));
    hooks.beforeAppend = (entries) => {
      if (isAbout(entries, 'session.ended')) throw away;
    };
    world.terminals.opened[0]?.shell.end('bye');
    await session.ended;
    await allTurns();
    expect(await sessionTrail(world, access)).toEqual(['session.started']);
    expect(sessions.of(access)).toEqual([]);
    world.tick(2_000);
    await allTurns();
    delete hooks.beforeAppend;
    await inTime(world, async () => expect((await sessionTrail(world, access)).length).toBe(2));
    const { entry } = (await world.ledger.trail(0, 1_000)).at(-1) ?? {};
    const { digest, why } = await session.ended;
    expect(entry).toMatchObject({
      action: 'session.ended',
      target: 'payments-db',
      actor: { kind: 'person', id: 'U0ANA' },
      details: { session: session.id, why, ...digest },
    });
    world.recordings.crash();
    expect(await world.recordings.orphans()).toEqual([]);
  });

  it('is not said twice where the ledger took it and nobody heard', async () => {
    const { world, access, sessions, hooks } = await stage();
    const session = opened(await sessions.open(access, ana, size));
    hooks.beforeAppend = async (entries) => {
      if (!isAbout(entries, 'session.ended')) return;
      delete hooks.beforeAppend;
      await world.ledger.append(entries);
      throw away;
    };
    session.cut('closed');
    await session.ended;
    await inTime(world, async () => {
      world.recordings.crash();
      expect(await world.recordings.orphans()).toEqual([]);
    });
    expect(await sessionTrail(world, access)).toEqual(['session.started', 'session.ended: closed']);
  });

  it('of one whose recording cannot be closed leaves no dead session behind', async () => {
    const { world, access, sessions } = await stage();
    const { begin } = world.recordings;
    world.recordings.begin = async (of) => ({
      ...(await begin(of)),
      end: async () => {
        throw new RecordingFault('the disk fails');
      },
    });
    const session = opened(await sessions.open(access, ana, size));
    session.cut('closed');
    await expect(session.ended).rejects.toThrow('the disk fails');
    await eventually(() => expect(sessions.of(access)).toEqual([]));
  });

  it('of a process leaves an orphan that the next one settles, once', async () => {
    const { world, access, sessions } = await stage();
    const session = opened(await sessions.open(access, ana, size));
    world.terminals.opened[0]?.shell.write('seen');
    await allTurns();
    world.recordings.crash();
    await Promise.all([endOrphans(world.deps)]);
    await endOrphans(world.deps);
    expect(await sessionTrail(world, access)).toEqual([
      'session.started',
      'session.ended: the process that recorded it died',
    ]);
    const { entry } = (await world.ledger.trail(0, 1_000)).at(-1) ?? {};
    expect(entry).toMatchObject({
      actor: { kind: 'bot' },
      target: 'payments-db',
      details: { session: session.id },
    });
  });

  it('of an orphan comes again while the ledger is away', async () => {
    const { world, access, sessions, hooks } = await stage();
    opened(await sessions.open(access, ana, size));
    world.recordings.crash();
    hooks.beforeAppend = () => {
      throw away;
    };
    await expect(endOrphans(world.deps)).rejects.toThrow('Redis did not do it');
    delete hooks.beforeAppend;
    await endOrphans(world.deps);
    expect((await sessionTrail(world, access)).length).toBe(2);
  });
});

describe('closing', () => {
  it('cuts all with its words and resolves once each is on the record', async () => {
    const { world, access, sessions } = await stage();
    const viewer = screen(ana);
    opened(await sessions.open(access, ana, size)).attach(viewer);
    opened(await sessions.open(access, ana, size));
    await sessions.close('the bot is stopping');
    expect(viewer.overBecause()).toBe('the bot is stopping');
    const said = await sessionTrail(world, access);
    expect(said.filter((each) => each === 'session.ended: the bot is stopping').length).toBe(2);
  });

  it('cuts what is being opened meanwhile', async () => {
    const { world, access, sessions } = await stage();
    const { terminal } = world.terminals;
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    world.terminals.terminal = async (...which) => {
      asked.resolve();
      await gate.promise;
      return terminal(...which);
    };
    const opening = sessions.open(access, ana, size);
    await asked.promise;
    const closing = sessions.close('the bot is stopping');
    gate.resolve();
    expect((await opened(await opening).ended).why).toBe('the bot is stopping');
    await closing;
    expect(await sessionTrail(world, access)).toEqual([
      'session.started',
      'session.ended: the bot is stopping',
    ]);
  });

  it('does not wait for ever for a ledger that is away: the next start says the end', async () => {
    const { world, access, sessions, hooks } = await stage();
    opened(await sessions.open(access, ana, size));
    hooks.beforeAppend = () => {
      throw away;
    };
    let isClosed = false;
    const closing = sessions.close('the bot is stopping').then(() => {
      isClosed = true;
    });
    await inTime(world, () => expect(isClosed).toBe(true));
    await closing;
    delete hooks.beforeAppend;
    world.recordings.crash();
    await endOrphans(world.deps);
    expect(await sessionTrail(world, access)).toEqual([
      'session.started',
      'session.ended: the process that recorded it died',
    ]);
  });
});

describe('what is over', () => {
  it('is held by nothing while its access goes on', async () => {
    const { world, access, sessions } = await stage();
    // The twins keep what they gave out: these do not.
    const { begin } = world.recordings;
    world.recordings.begin = async (of) => ({ ...(await begin(of)), broken: new Promise(() => {}) });
    world.terminals.terminal = async () => ({ stream: duplexPair()[0], resize: async () => {} });
    const gone: WeakRef<object>[] = [];
    for (let at = 0; at < 5; at += 1) {
      const session = opened(await sessions.open(access, ana, size));
      gone.push(new WeakRef(session));
      session.cut('closed');
      await session.ended;
    }
    await allTurns();
    collectGarbage();
    await allTurns();
    collectGarbage();
    // The last one may still be on the stack.
    expect(gone.slice(0, -1).filter((each) => each.deref() !== undefined).length).toBe(0);
    expect((await world.stored(access)).access.state).toBe('active');
  });
});
