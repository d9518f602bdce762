/** One terminal: recorded before it is shown, held back by who works and never by who watches, over once. */
import { describe, expect, it } from 'vitest';
import type { SessionId } from '../../src/domain/ids.ts';
import { type Session, type SessionParts, startSession } from '../../src/flow/session.ts';
import { newId, noon } from '../support/builders.ts';
import { type HandClock, handClock } from '../support/hand-clock.ts';
import { type MemoryRecordings, memoryRecordings } from '../support/memory-recordings.ts';
import { type MemoryTerminal, memoryTerminals } from '../support/memory-terminals.ts';
import { allTurns, ana, eventually, lea, screen, size } from '../support/session-world.ts';

const session = 'ses_aaaaaaaaaaaaaaaa' as SessionId;
const idleMs = 60_000;

type Stage = {
  readonly session: Session;
  readonly shell: MemoryTerminal['shell'];
  readonly terminal: MemoryTerminal;
  readonly recordings: MemoryRecordings;
  readonly clock: HandClock;
  readonly recording: () => Promise<string>;
};

async function stage(change: Partial<SessionParts> = {}): Promise<Stage> {
  const access = newId();
  const [clock, recordings, terminals] = [handClock(noon), memoryRecordings(), memoryTerminals()];
  const recording = await recordings.begin({ access, session, startedAt: noon, size, title: 'a title' });
  const terminal = await terminals.terminal(access, size);
  const started = startSession({
    id: session,
    access,
    target: 'payments-db',
    terminal,
    recording,
    size,
    greeting: '',
    idleMs,
    recordInput: false,
    clock,
    whyOver: async () => undefined,
    ...change,
  });
  const [opened] = terminals.opened;
  if (opened === undefined) throw new Error('no terminal');
  return {
    session: started,
    shell: opened.shell,
    terminal: opened,
    recordings,
    clock,
    recording: async () => {
      let text = '';
      for await (const piece of (await recordings.read(access, session)) ?? []) text += String(piece);
      return text;
    },
  };
}

/** Writes as fast as it may and stops when it is held back, or at `most` bytes. Returns how much went out. */
async function flood(shell: MemoryTerminal['shell'], most: number): Promise<number> {
  const piece = Buffer.alloc(16_384, 'y');
  let sent = 0;
  while (sent < most) {
    sent += piece.length;
    if (shell.write(piece)) continue;
    let isDrained = false;
    shell.once('drain', () => {
      isDrained = true;
    });
    await allTurns();
    if (!isDrained) break;
  }
  return sent;
}

const kib = (count: number): number => count * 1024;

describe('what the shell writes', () => {
  it('is in the recording before anybody sees it', async () => {
    const { session, shell, recording } = await stage();
    const seen: boolean[] = [];
    const viewer = { ...screen(ana), show: () => void seen.push(true) };
    session.attach(viewer);
    seen.length = 0;
    const [text] = await Promise.all([
      eventually(async () => {
        expect(seen.length).toBe(1);
        return recording();
      }),
      shell.write('hello'),
    ]);
    expect(text).toContain('"o","hello"');
  });

  it('comes after the greeting, which is recorded and shown like it', async () => {
    const { session, shell, recording } = await stage({ greeting: 'what there is\r\n' });
    const viewer = screen(ana);
    session.attach(viewer);
    await shell.write('$ ');
    await eventually(() => expect(viewer.text()).toBe('what there is\r\n$ '));
    expect(await recording()).toMatch(/what there is[^$]*\$ /);
    const late = screen(lea, { writes: false });
    session.attach(late);
    expect(late.text()).toBe('what there is\r\n$ ');
  });

  it('is shown to nobody once it cannot be recorded, and the terminal closes with the reason', async () => {
    const { session, shell, recordings, terminal } = await stage();
    const viewer = screen(ana);
    const attachment = session.attach(viewer);
    recordings.break(session.id, 'the disk is full');
    shell.write('unrecorded');
    expect((await session.ended).why).toBe('it cannot be recorded: the disk is full');
    expect(viewer.overBecause()).toBe('it cannot be recorded: the disk is full');
    expect(viewer.text()).toBe('');
    expect(terminal.hungUp()).toBe(true);
    await attachment.type(Buffer.from('into the void'));
  });

  it('is held back by a screen that takes nothing, and goes on when it does', async () => {
    const { session, shell } = await stage();
    const slow = screen(ana, { isSlow: true });
    const attachment = session.attach(slow);
    const sent = await flood(shell, kib(4_096));
    expect(sent).toBeLessThan(kib(700));
    slow.catchUp(attachment);
    await eventually(() => expect(slow.text().length).toBe(sent));
  });

  it('is held back after a megabyte that nobody saw, until somebody comes', async () => {
    const { session, shell } = await stage();
    const sent = await flood(shell, kib(4_096));
    expect(sent).toBeGreaterThan(kib(1_024));
    expect(sent).toBeLessThan(kib(1_200));
    const viewer = screen(ana);
    session.attach(viewer);
    await eventually(() => expect(viewer.text().endsWith('y')).toBe(true));
    expect(await flood(shell, kib(2_048))).toBe(kib(2_048));
  });

  it('may be another megabyte once somebody came, however soon they left', async () => {
    const { session, shell } = await stage();
    await flood(shell, kib(4_096));
    session.attach(screen(ana)).detach();
    const more = await flood(shell, kib(4_096));
    expect(more).toBeGreaterThan(kib(1_000));
    expect(more).toBeLessThan(kib(1_200));
  });

  it('goes on when the slow screen leaves and another is there', async () => {
    const { session, shell } = await stage();
    const quick = screen(ana);
    session.attach(quick);
    const attachment = session.attach(screen(ana, { isSlow: true }));
    const sent = await flood(shell, kib(4_096));
    expect(sent).toBeLessThan(kib(700));
    attachment.detach();
    await eventually(() => expect(quick.text().length).toBe(sent));
  });

  it('is no news of who watches where only their connections come and go', async () => {
    const { session } = await stage();
    const told: (readonly string[])[] = [];
    session.attach({ ...screen(ana), watched: (names) => void told.push(names) });
    const tabs = [1, 2].map(() => session.attach(screen(lea, { writes: false })));
    session.attach(screen(ana)).detach();
    tabs[0]?.detach();
    expect(told).toEqual([[], ['lea']]);
    tabs[1]?.detach();
    expect(told).toEqual([[], ['lea'], []]);
  });

  it('does not wait for a watcher, who is let go and told so', async () => {
    const { session, shell } = await stage();
    const [worker, watcher] = [screen(ana), screen(lea, { writes: false, isSlow: true })];
    session.attach(worker);
    session.attach(watcher);
    expect(worker.watchedBy()).toEqual(['lea']);
    expect(await flood(shell, kib(2_048))).toBe(kib(2_048));
    await eventually(() => expect(worker.text().length).toBe(kib(2_048)));
    expect(watcher.overBecause()).toMatch(/too slow/);
    expect(watcher.text().length).toBeLessThan(kib(700));
    expect(worker.watchedBy()).toEqual([]);
  });

  it('is there for who comes later, as far as it is kept', async () => {
    const { session, shell } = await stage();
    session.attach(screen(ana));
    shell.write('before ');
    await allTurns();
    const late = screen(lea, { writes: false });
    session.attach(late);
    shell.write('and after');
    await eventually(() => expect(late.text()).toBe('before and after'));
  });
});

describe('what is typed', () => {
  const read = (shell: MemoryTerminal['shell']): string => String(shell.read() ?? '');

  it('reaches the shell from the requester and not from a watcher', async () => {
    const { session, shell } = await stage();
    const watching = session.attach(screen(lea, { writes: false }));
    const working = session.attach(screen(ana));
    await Promise.all([watching.type(Buffer.from('not mine')), working.type(Buffer.from('mine'))]);
    await allTurns();
    expect(read(shell)).toBe('mine');
  });

  it('is recorded before the shell has it, where the policy says so, and in the same order from every tab', async () => {
    const { session, shell, recording } = await stage({ recordInput: true });
    const tabs = [session.attach(screen(ana)), session.attach(screen(ana))];
    await Promise.all(Array.from({ length: 200 }, (_, at) => tabs[at % 2]?.type(Buffer.from(`<${at}>`))));
    await allTurns();
    const typed = [...(await recording()).matchAll(/"i","([^"]*)"/g)].map(([, text]) => text).join('');
    const received = read(shell);
    expect(received).toBe(typed);
    expect(received.match(/<\d+>/g)?.length).toBe(200);
  });

  it('is not recorded where the policy does not say so', async () => {
    const { session, recording } = await stage();
    await session.attach(screen(ana)).type(Buffer.from('hunter2'));
    expect(await recording()).not.toContain('hunter2');
  });

  it('waits for a shell that does not read, and is let go when the session ends', async () => {
    const { session } = await stage();
    const attachment = session.attach(screen(ana));
    let isTaken = false;
    const typing = attachment.type(Buffer.alloc(kib(512))).then(() => {
      isTaken = true;
    });
    const behind = attachment.type(Buffer.from('more'));
    await allTurns();
    expect(isTaken).toBe(false);
    session.cut('enough');
    await Promise.all([typing, behind]);
    await attachment.type(Buffer.from('after the end'));
  });

  it('does not wait for the screen: a shell that echoes gets all of a paste while nothing is acknowledged', async () => {
    const { session, shell } = await stage();
    const slow = screen(ana, { isSlow: true });
    const attachment = session.attach(slow);
    const paste = kib(400);
    let received = 0;
    shell.on('data', (chunk: Buffer) => {
      received += chunk.length;
      shell.write(chunk);
    });
    for (let at = 0; at < paste; at += kib(16)) await attachment.type(Buffer.alloc(kib(16), 'x'));
    await eventually(() => expect(received).toBe(paste));
    await eventually(() => expect(slow.text().length).toBe(paste));
  });
});

describe('sizes', () => {
  it('come one at a time, and of those that came meanwhile only the last', async () => {
    const calls: { cols: number; done: () => void }[] = [];
    const [clock, terminals] = [handClock(noon), memoryTerminals()];
    const inner = await terminals.terminal(newId(), size);
    const { session, recording } = await stage({
      clock,
      terminal: {
        stream: inner.stream,
        resize: ({ cols }) => new Promise((done) => calls.push({ cols, done })),
      },
    });
    const attachment = session.attach(screen(ana));
    for (let cols = 100; cols < 10_100; cols += 1) attachment.resize({ cols, rows: 30 });
    await allTurns();
    expect(calls.map(({ cols }) => cols)).toEqual([100]);
    calls[0]?.done();
    await eventually(() => expect(calls.map(({ cols }) => cols)).toEqual([100, 10_099]));
    calls[1]?.done();
    await allTurns();
    attachment.resize({ cols: 10_099, rows: 30 });
    expect(calls.length).toBe(2);
    expect((await recording()).match(/"r"/g)?.length).toBe(2);
  });

  it('are the requester’s to choose', async () => {
    const { session, terminal } = await stage();
    session.attach(screen(lea, { writes: false })).resize({ cols: 1, rows: 1 });
    await allTurns();
    expect(terminal.sizes).toEqual([size]);
  });

  it('are told to everybody, before anything is shown and whenever one who writes changes it', async () => {
    const { session, terminal } = await stage();
    const [mine, other, watching] = [screen(ana), screen(ana), screen(lea, { writes: false })];
    const attachment = session.attach(mine);
    session.attach(other);
    session.attach(watching);
    expect([mine.size(), other.size(), watching.size()]).toEqual([size, size, size]);
    attachment.resize({ cols: 132, rows: 43 });
    await eventually(() => expect(terminal.sizes.at(-1)).toEqual({ cols: 132, rows: 43 }));
    expect([mine, other, watching].map((each) => each.size())).toEqual(
      Array(3).fill({ cols: 132, rows: 43 }),
    );
    const late = screen(lea, { writes: false });
    session.attach({
      ...late,
      show: (bytes) => {
        expect(late.size()).toEqual({ cols: 132, rows: 43 });
        late.show(bytes);
      },
    });
    attachment.detach();
    attachment.resize(size);
    await allTurns();
    expect(watching.size()).toEqual({ cols: 132, rows: 43 });
  });
});

describe('the end', () => {
  it('comes with the shell, after its last words were shown and recorded', async () => {
    const { session, shell, recording } = await stage();
    const viewer = screen(ana);
    session.attach(viewer);
    shell.end('last words');
    expect(await session.ended).toMatchObject({
      why: 'the shell ended',
      digest: { bytes: expect.any(Number) },
    });
    expect(viewer.text()).toBe('last words');
    expect(viewer.overBecause()).toBe('the shell ended');
    expect(await recording()).toContain('last words');
  });

  it('comes once, with the first reason, whoever else would end it', async () => {
    const { session, shell, terminal } = await stage();
    const viewer = screen(ana);
    session.attach(viewer);
    session.cut('revoked');
    session.cut('another reason');
    shell.end();
    expect((await session.ended).why).toBe('revoked');
    expect(viewer.overBecause()).toBe('revoked');
    expect(terminal.hungUp()).toBe(true);
  });

  it('tells whether there may be another: not when the access is over', async () => {
    const exited = await stage();
    const [mine, theirs] = [screen(ana), screen(ana)];
    exited.session.attach(mine);
    exited.shell.end();
    await exited.session.ended;
    expect([mine.overBecause(), mine.again()]).toEqual(['the shell ended', true]);
    const closed = await stage({ whyOver: async () => 'its time is up' });
    closed.session.attach(theirs);
    closed.shell.end();
    await closed.session.ended;
    expect([theirs.overBecause(), theirs.again()]).toEqual(['its time is up', false]);
    const late = screen(ana);
    closed.session.attach(late);
    expect(late.again()).toBe(false);
    const { session } = await stage();
    const cut = screen(ana);
    session.attach(cut);
    session.cut('revoked', { again: false });
    expect(cut.again()).toBe(false);
  });

  it('comes at once while the shell is held back', async () => {
    const { session, shell } = await stage();
    session.attach(screen(ana, { isSlow: true }));
    await flood(shell, kib(2_048));
    session.cut('revoked');
    expect((await session.ended).why).toBe('revoked');
  });

  it('is told to who comes too late', async () => {
    const { session } = await stage();
    session.cut('revoked');
    const late = screen(ana);
    const attachment = session.attach(late);
    expect(late.overBecause()).toBe('revoked');
    await attachment.type(Buffer.from('x'));
    attachment.resize({ cols: 10, rows: 10 });
    attachment.detach();
  });

  it('comes when nothing was typed for as long as the policy allows, and typing puts it off', async () => {
    const { session, shell, clock } = await stage();
    const viewer = screen(ana);
    const attachment = session.attach(viewer);
    clock.tick(idleMs - 1);
    await attachment.type(Buffer.from('x'));
    await allTurns();
    clock.tick(idleMs - 1);
    shell.write('output is no typing');
    await allTurns();
    expect(viewer.overBecause()).toBeUndefined();
    clock.tick(1);
    expect((await session.ended).why).toBe('nothing was typed for too long');
  });

  it('is not put off by what a browser sends by itself', async () => {
    const { session, clock } = await stage();
    const attachment = session.attach(screen(ana));
    clock.tick(idleMs - 1);
    await attachment.type(new Uint8Array(0));
    await attachment.type(Buffer.from('\x1b[24;1R'));
    clock.tick(1);
    expect((await session.ended).why).toBe('nothing was typed for too long');
  });

  it('does not wait for a watcher’s typing either', async () => {
    const { session, clock } = await stage();
    const watching = session.attach(screen(lea, { writes: false }));
    clock.tick(idleMs - 1);
    await watching.type(Buffer.from('x'));
    clock.tick(1);
    expect((await session.ended).why).toBe('nothing was typed for too long');
  });

  it('survives a stream that breaks', async () => {
    const terminal = await memoryTerminals().terminal(newId(), size);
    const { session } = await stage({ terminal });
    const attachment = session.attach(screen(ana));
    const typing = attachment.type(Buffer.alloc(kib(512)));
    terminal.stream.destroy(new Error('the sandbox is gone'));
    expect((await session.ended).why).toBe('the shell ended');
    await typing;
  });
});

describe('what was tried in vain', () => {
  it('is told to everybody', async () => {
    const { session } = await stage();
    const [mine, theirs] = [screen(ana), screen(lea, { writes: false })];
    session.attach(mine);
    session.attach(theirs).detach();
    session.blocked({ by: 'proxy', host: 'example.com', port: 443, why: 'not allowed', count: 1 });
    expect([mine.blockedHosts(), theirs.blockedHosts()]).toEqual([['example.com'], []]);
  });
});

describe('who looks on', () => {
  it('are at most so many', async () => {
    const { session } = await stage();
    const screens = Array.from({ length: 40 }, () => screen(lea, { writes: false }));
    for (const each of screens) session.attach(each);
    expect(screens.filter((each) => each.overBecause() !== undefined).length).toBe(8);
    const [first] = screens;
    expect(first?.watchedBy()).toEqual(['lea']);
  });
});
