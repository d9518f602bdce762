/** Who is attached to a terminal is judged again while they are: groups and accounts change. */
import { createSecretKey, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { AccessId } from '../../../src/domain/ids.ts';
import type { Person } from '../../../src/domain/people.ts';
import { type Cookies, makeCookies } from '../../../src/doors/web/cookies.ts';
import { makeReading } from '../../../src/doors/web/reading.ts';
import { type TerminalSockets, terminalSockets } from '../../../src/doors/web/terminal-socket.ts';
import { makeAttempts } from '../../../src/flow/attempts.ts';
import { makeAttendance } from '../../../src/flow/attendance.ts';
import { makeDownloads } from '../../../src/flow/downloads.ts';
import { makeSessions } from '../../../src/flow/sessions.ts';
import { signInMs, signOut } from '../../../src/flow/sign-out.ts';
import { team } from '../../support/builders.ts';
import { type MemoryWorld, memoryWorld } from '../../support/memory-world.ts';
import { activeAccess, ana, eventually, lea } from '../../support/session-world.ts';

type News = { readonly type: string; readonly id?: string; readonly why?: string };
type Stage = {
  readonly world: MemoryWorld;
  readonly access: AccessId;
  readonly port: number;
  /** Cookies as they were sealed so many milliseconds ago. */
  readonly cookiesAt: (agoMs: number) => Cookies;
};

const standing: { server: Server; sockets: TerminalSockets }[] = [];
afterEach(() => {
  for (const { server, sockets } of standing.splice(0)) {
    sockets.close();
    server.close();
  }
});

async function stage(): Promise<Stage> {
  const world = memoryWorld();
  const { deps: flow } = world;
  const access = await activeAccess(world);
  const key = createSecretKey(randomBytes(32));
  const cookiesAt = (agoMs: number): Cookies =>
    makeCookies({ key, secure: false, now: () => world.clock.now() - agoMs });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const never = async (): Promise<never> => {
    throw new Error('nobody signs in here');
  };
  const attempts = makeAttempts(flow);
  const attendance = makeAttendance(flow, new AbortController().signal);
  const deps = {
    flow,
    sessions: makeSessions(flow, attendance, async () => {}),
    downloads: makeDownloads(flow, attendance),
    attempts,
    replays: { flow, key, attempts, reading: makeReading(flow.recordings) },
    signIn: { begin: never, finish: never },
    cookies: cookiesAt(0),
    team: async () => team,
    publicUrl: `http://127.0.0.1:${port}`,
    log: flow.log,
  };
  const sockets = terminalSockets(deps, { judgeEveryMs: 10 });
  server.on('upgrade', sockets.upgrade);
  standing.push({ server, sockets });
  return { world, access, port, cookiesAt };
}

async function attached(
  { world, access, port, cookiesAt }: Stage,
  { id, name }: Person,
  session = '',
  signedInAgoMs = 0,
): Promise<readonly News[]> {
  const since = world.clock.now() - signedInAgoMs;
  const [cookie = ''] = (
    await cookiesAt(signedInAgoMs).seal('session', { user: id, team, name, since })
  ).split(';');
  const socket = new WebSocket(`ws://127.0.0.1:${port}/accesses/${access}/socket?session=${session}`, {
    headers: { cookie, origin: `http://127.0.0.1:${port}` },
  });
  // As a page does: one that is never heard of leaves no session behind.
  socket.once('open', () => socket.send(JSON.stringify({ type: 'taken', bytes: 0 })));
  const news: News[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) news.push(JSON.parse(data.toString()));
  });
  await eventually(() => expect(news.length).toBeGreaterThan(0));
  return news;
}

const signedOut = 'You are not signed in any more. Sign in again to go on here; your shell goes on.';
const whyOver = (news: readonly News[]): string | undefined => news.find(({ type }) => type === 'over')?.why;

describe('somebody who is attached', () => {
  it('and is no reviewer any more is let go, and the one who works there is not', async () => {
    const on = await stage();
    const working = await attached(on, ana);
    const watching = await attached(on, lea, working[0]?.id);
    expect(watching[0]).toMatchObject({ type: 'session', id: working[0]?.id });
    on.world.directory.groups.get('leads')?.delete('U0LEA');
    await eventually(() => expect(whyOver(watching)).toBe('You may not look at this any more.'));
    expect(whyOver(working)).toBeUndefined();
    const refused = (await on.world.ledger.trail(0, 1_000)).at(-1);
    expect(refused?.entry).toMatchObject({
      action: 'access.refused',
      actor: { id: 'U0LEA' },
      details: { doing: 'watch', code: 'no-such-access' },
    });
  });

  it('and whose account was deactivated loses the terminal itself', async () => {
    const on = await stage();
    const working = await attached(on, ana);
    on.world.directory.change('U0ANA', { deleted: true });
    await eventually(() => expect(whyOver(working)).toBe('its requester may not use it any more'));
    expect(on.world.terminals.opened[0]?.hungUp()).toBe(true);
    await eventually(async () => expect(await on.world.told(on.access)).toContain('session.ended'));
  });

  it('and signed out, be it in another browser, is let go; what runs in the terminal goes on', async () => {
    const on = await stage();
    const working = await attached(on, ana);
    const watching = await attached(on, lea, working[0]?.id);
    await signOut(on.world.deps, { person: ana.id, since: on.world.clock.now() });
    await eventually(() => expect(whyOver(working)).toBe(signedOut));
    expect(on.world.terminals.opened[0]?.hungUp()).toBe(false);
    expect(whyOver(watching)).toBeUndefined();
    expect((await attached(on, ana, working[0]?.id))[0]).toMatchObject({
      type: 'over',
      why: 'You are not signed in any more. Load the page again.',
    });
    on.world.tick(1);
    expect((await attached(on, ana, working[0]?.id))[0]).toMatchObject({
      type: 'session',
      id: working[0]?.id,
    });
  });

  it('is let go with the end of their sign-in, though Redis is away; what runs in the terminal goes on', async () => {
    const on = await stage();
    const working = await attached(on, ana, '', signInMs - 60_000);
    const watching = await attached(on, lea, working[0]?.id);
    expect(whyOver(working)).toBeUndefined();
    on.world.signOuts.away = true;
    on.world.clock.tick(60_000);
    await eventually(() => expect(whyOver(working)).toBe(signedOut));
    expect(on.world.terminals.opened[0]?.hungUp()).toBe(false);
    expect(whyOver(watching)).toBeUndefined();
  });

  it('stays where nobody can tell whether they signed out, but is judged by the rest', async () => {
    const on = await stage();
    const working = await attached(on, ana);
    const watching = await attached(on, lea, working[0]?.id);
    on.world.signOuts.away = true;
    on.world.directory.groups.get('leads')?.delete('U0LEA');
    await eventually(() => expect(whyOver(watching)).toBe('You may not look at this any more.'));
    const before = on.world.log.length;
    await eventually(() => expect(on.world.log.length).toBeGreaterThan(before + 3));
    expect(on.world.log.at(-1)).toBe('warn: who is attached to a terminal was not judged anew');
    expect(whyOver(working)).toBeUndefined();
  });

  it('stays while the directory does not answer', async () => {
    const on = await stage();
    const working = await attached(on, ana);
    const { facts } = on.world.directory;
    let looks = 0;
    on.world.directory.facts = async (...asked) => {
      looks += 1;
      return facts(...asked);
    };
    on.world.directory.down.add('U0ANA');
    await eventually(() => expect(looks).toBeGreaterThan(3));
    expect(whyOver(working)).toBeUndefined();
  });
});
