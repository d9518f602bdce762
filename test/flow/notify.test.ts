import { describe, expect, it } from 'vitest';
import { notify, Undelivered } from '../../src/flow/notify.ts';
import { makePolicy } from '../support/builders.ts';
import { memoryWorld } from '../support/memory-world.ts';

describe('the card', () => {
  it("goes to the approvers' channel and to each of few approvers, never to the requester", async () => {
    const world = memoryWorld();
    world.directory.groups.get('leads')?.add('U0ANA');
    const id = await world.ask();
    await notify(world.deps, id);
    const places = (await world.notices.posted(id, 'card')).map(({ to }) =>
      'person' in to ? to.person : to.channel,
    );
    expect(places.sort()).toEqual(['C0APPROVE', 'U0LEA', 'U0LEO', 'U0SEC']);
  });

  it('goes to the channel alone where approvers are many', async () => {
    const world = memoryWorld();
    world.directory.groups.set('leads', new Set(['U1', 'U2', 'U3', 'U4', 'U5', 'U6'].map((id) => `${id}AA`)));
    const id = await world.ask();
    await notify(world.deps, id);
    expect((await world.notices.posted(id, 'card')).map(({ channel }) => channel)).toEqual(['C0APPROVE']);
  });

  it('is one message in each place, edited when the request is decided, and without buttons then', async () => {
    const world = memoryWorld();
    const id = await world.ask();
    await notify(world.deps, id);
    const buttons = (): number =>
      world.notices.messages.filter(({ message }) => JSON.stringify(message).includes('"Approve"')).length;
    expect(buttons()).toBe(4);
    await world.vote(id, 'U0LEA', 'deny');
    await notify(world.deps, id);
    await notify(world.deps, id);
    const cards = world.notices.messages.filter(({ tag }) => tag === 'card');
    expect(cards).toHaveLength(4);
    for (const card of cards) expect(card.edits).toBeGreaterThanOrEqual(1);
    expect(buttons()).toBe(0);
  });

  it('says nothing that a person could disguise as a mention', async () => {
    const world = memoryWorld();
    const id = await world.ask({
      target: 'wiki',
      duration: '5m',
      reason: 'hello <!channel> & <https://evil|here>',
    });
    await notify(world.deps, id);
    const shown = JSON.stringify(world.notices.messages);
    expect(shown).not.toContain('<!channel>');
    expect(shown).not.toContain('<https://evil');
    expect(shown).toContain('&lt;!channel&gt; &amp;');
  });
});

describe('each recipient fails alone', () => {
  it('the others are told, and the failure is tried again where that can help', async () => {
    const world = memoryWorld();
    const id = await world.ask();
    world.notices.failing.set('C0APPROVE', { delivered: false, retry: true, why: 'rate limited' });
    await expect(notify(world.deps, id)).rejects.toThrow(new Undelivered('card: rate limited'));
    expect((await world.notices.posted(id, 'card')).length).toBe(3);
    expect(await world.ledger.untold()).toEqual([id]);
    world.notices.failing.clear();
    await notify(world.deps, id);
    expect((await world.notices.posted(id, 'card')).length).toBe(4);
    expect(await world.ledger.untold()).toEqual([]);
  });

  it('a place that is gone for good holds nothing up', async () => {
    const world = memoryWorld();
    const id = await world.ask();
    world.notices.failing.set('U0LEO', { delivered: false, retry: false, why: 'user_not_found' });
    await notify(world.deps, id);
    expect(await world.ledger.untold()).toEqual([]);
    expect(world.log).toContain('warn: a message could not be delivered');
  });
});

describe('the requester', () => {
  it('is told each thing once: asked, approved, active, warned, over, and a summary', async () => {
    const world = memoryWorld(
      makePolicy((input) => {
        input.rules = [{ approve: { targets: ['*'], requesters: ['on-call'], because: 'on call' } }];
      }),
    );
    const id = await world.ask({ duration: '5m' }, 'U0BEN');
    await world.live(6 * 60);
    const tags = world.notices.messages
      .filter(({ access, to }) => access === id && 'person' in to && to.person === 'U0BEN')
      .map(({ tag }) => tag);
    expect(tags).toEqual(['asked', 'approved', 'active', 'warned', 'over', 'summary']);
  });

  it('is told of nothing that was not read back: no "active" before, no "revoked" while something is left', async () => {
    const world = memoryWorld();
    const id = await world.ask({ duration: '5m' });
    await world.vote(id, 'U0LEA');
    await world.vote(id, 'U0SEC');
    await notify(world.deps, id);
    const said = (): string => JSON.stringify(world.notices.messages);
    expect(said()).not.toContain('*active*');
    await world.live(1);
    expect(said()).toContain('*active*');
    expect(said()).not.toContain('*revoked*');
    await world.live(5 * 60 + 1);
    expect(said()).toContain('*revoked*');
  });
});
