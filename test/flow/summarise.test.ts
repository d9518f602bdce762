/** The summary after the end: once, in each card's thread and for the requester, and never before the sessions ended. */
import { describe, expect, it } from 'vitest';
import type { AccessId } from '../../src/domain/ids.ts';
import { isRefused } from '../../src/domain/refusal.ts';
import { makeAttendance } from '../../src/flow/attendance.ts';
import { done } from '../../src/flow/end-early.ts';
import type { Session } from '../../src/flow/session.ts';
import { makeSessions } from '../../src/flow/sessions.ts';
import { type MemoryWorld, memoryWorld } from '../support/memory-world.ts';
import { activeAccess } from '../support/session-world.ts';

const ana = { id: 'U0ANA', name: 'ana' };

const active = (world: MemoryWorld): Promise<AccessId> => activeAccess(world, '10m');

async function worked(world: MemoryWorld, id: AccessId): Promise<Session> {
  const stop = new AbortController();
  const sessions = makeSessions(world.deps, makeAttendance(world.deps, stop.signal), async () => {});
  const session = await sessions.open(id, ana, { cols: 80, rows: 24 });
  if (isRefused(session)) throw new Error(session.refused.code);
  return session;
}

const summaries = (world: MemoryWorld) => world.notices.messages.filter(({ tag }) => tag === 'summary');

describe('after the end', () => {
  it('goes once to the requester and under every copy of the card', async () => {
    const world = memoryWorld();
    const id = await active(world);
    const session = await worked(world, id);
    world.terminals.opened[0]?.shell.write('\u001b]633;E;psql -c "a secret"\u0007\u001b]133;C\u0007');
    await world.live(1);
    world.terminals.opened[0]?.shell.end();
    await session.ended;
    await world.live(10 * 60 + 5);
    expect((await world.stored(id)).access.state).toBe('revoked');
    const told = summaries(world);
    const cards = await world.notices.posted(id, 'card');
    expect(told.map(({ to }) => JSON.stringify(to)).sort()).toEqual(
      [...cards.map(({ to }) => JSON.stringify(to)), JSON.stringify({ person: 'U0ANA' })].sort(),
    );
    const text = JSON.stringify(told[0]?.message);
    expect(text).toContain('about 1 command');
    expect(text).not.toContain('a secret');
    await world.live(120);
    expect(summaries(world).map(({ edits }) => edits)).toEqual(told.map(() => 0));
  });

  it('waits for a session to end, and for a minute only', async () => {
    const world = memoryWorld();
    const id = await active(world);
    const session = await worked(world, id);
    world.recordings.crash();
    await done(world.deps, { access: id, person: ana });
    await world.live(30);
    expect((await world.stored(id)).access.state).toBe('revoked');
    expect(summaries(world)).toEqual([]);
    expect(JSON.stringify(world.notices.messages)).toContain('*revoked*');
    await world.live(45);
    expect(JSON.stringify(summaries(world)[0]?.message)).toContain('not ended');
    session.cut('test');
  });

  it('is not made for what was never opened', async () => {
    const world = memoryWorld();
    const id = await world.ask();
    await world.vote(id, 'U0LEA', 'deny');
    await world.live(5);
    expect(summaries(world)).toEqual([]);
  });
});
