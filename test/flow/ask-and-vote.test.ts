/** From the ask to the decision: who is refused and why, who decides, and that every no is on the record. */
import { describe, expect, it } from 'vitest';
import { isRefused } from '../../src/domain/refusal.ts';
import { castVote } from '../../src/flow/cast-vote.ts';
import { done } from '../../src/flow/end-early.ts';
import { openRequest } from '../../src/flow/open-request.ts';
import { runEffect } from '../../src/flow/run-effect.ts';
import { makePolicy } from '../support/builders.ts';
import { memoryWorld, refusalOf } from '../support/memory-world.ts';

const lea = { id: 'U0LEA', name: 'lea' };
const ana = { id: 'U0ANA', name: 'ana' };

async function lastEntry(world: ReturnType<typeof memoryWorld>) {
  const trail = await world.ledger.trail(0, 10_000);
  return trail.at(-1)?.entry;
}

describe('asking', () => {
  it('waits for both lines, and lapses eight hours later if nobody answers', async () => {
    const world = memoryWorld();
    const id = await world.ask();
    expect((await world.stored(id)).access).toMatchObject({ state: 'waiting', votes: [] });
    await world.live(1);
    world.tick(8 * 3_600_000 - 2_000);
    await world.runDue();
    expect((await world.stored(id)).access.state).toBe('waiting');
    await world.live(1);
    expect((await world.stored(id)).access.state).toBe('lapsed');
    expect(await world.told(id)).toEqual(['access.requested', 'access.lapsed']);
  });

  it('may be done twice for one target, and each request goes its own way', async () => {
    const world = memoryWorld();
    const [one, other] = [await world.ask(), await world.ask()];
    await world.vote(one, 'U0LEA', 'deny');
    expect((await world.stored(one)).access.state).toBe('rejected');
    expect((await world.stored(other)).access.state).toBe('waiting');
  });

  it('is approved at once where a rule says so, and the rule stands in the trail', async () => {
    const world = memoryWorld(
      makePolicy((input) => {
        input.rules = [{ approve: { targets: ['*'], requesters: ['on-call'], because: 'on call' } }];
      }),
    );
    const id = await world.ask({}, 'U0BEN');
    await world.live(1);
    expect((await world.stored(id)).access.state).toBe('active');
    const approval = (await world.ledger.trail(0, 100)).find(
      ({ entry }) => entry.action === 'access.approved',
    );
    expect(approval?.entry.details).toMatchObject({ rule: 'rules[0].approve: on call' });
  });

  it.each([
    ['a stranger', 'U0OUT', {}, 'no-such-target', 'targets.payments-db.requesters'],
    ['too long', 'U0ANA', { duration: '9h' }, 'duration-too-long', 'targets.payments-db.requesters'],
    ['nobody whom the directory knows', 'U0NEW', {}, 'directory-unavailable', 'account'],
  ])(
    'is refused to %s, and the refusal is recorded with what was looked at',
    async (_, requester, change, code, rule) => {
      const world = memoryWorld();
      const ask = { target: 'payments-db', reason: 'checkout answers 500, INC-4821', ...change };
      const outcome = await openRequest(world.deps, { requester: { id: requester, name: 'x' }, ask });
      expect(refusalOf(outcome).code).toBe(code);
      const entry = await lastEntry(world);
      expect(entry).toMatchObject({
        action: 'access.refused',
        actor: { id: requester },
        details: { code, asked: 'payments-db' },
      });
      expect(entry?.details.findings).toEqual(expect.arrayContaining([expect.objectContaining({ rule })]));
      expect(await world.ledger.unfinished()).toEqual([]);
    },
  );

  it('for a target that is not there records what was asked, made safe, and no target', async () => {
    const world = memoryWorld();
    const ask = { target: '\u202e<!channel>\ud800', reason: 'let me in please' };
    expect(refusalOf(await openRequest(world.deps, { requester: ana, ask })).code).toBe('no-such-target');
    const entry = await lastEntry(world);
    expect(entry).not.toHaveProperty('target');
    expect(entry?.details.asked).toBe('<!channel>\ufffd');
  });

  it('keeps what a person wrote, however odd, in a trail that can be sealed', async () => {
    const world = memoryWorld();
    const reason = `${'\u{1f525}'.repeat(500)} INC-1 \ud800`;
    const id = await world.ask({
      reason,
      target: 'wiki',
      duration: '30m',
      ticket: `${'x'.repeat(99)}\u{1f525}\u{1f525}`,
    });
    expect((await world.stored(id)).access.request.ticket).toBe(`${'x'.repeat(99)}\u{1f525}`);
  });
});

describe('two lines of approvers', () => {
  it('take one of each, whoever comes first', async () => {
    for (const order of [
      ['U0LEA', 'U0SEC'],
      ['U0SEC', 'U0LEO'],
    ]) {
      const world = memoryWorld();
      const id = await world.ask();
      await world.vote(id, order[0] ?? '');
      expect((await world.stored(id)).access.state).toBe('waiting');
      await world.vote(id, order[1] ?? '');
      expect((await world.stored(id)).access).toMatchObject({ state: 'approved', basis: { by: 'votes' } });
      expect(await world.told(id)).toEqual([
        'access.requested',
        'vote.approved',
        'vote.approved',
        'access.approved',
      ]);
    }
  });

  it('are not met by two of one line', async () => {
    const world = memoryWorld();
    const id = await world.ask();
    await world.vote(id, 'U0LEA');
    await world.vote(id, 'U0LEO');
    expect((await world.stored(id)).access.state).toBe('waiting');
  });

  it('are not met by one person who stands in both', async () => {
    const world = memoryWorld();
    world.directory.groups.set('security', new Set(['U0LEA', 'U0SEC']));
    const id = await world.ask();
    await world.vote(id, 'U0LEA');
    expect(refusalOf(await world.vote(id, 'U0LEA')).code).toBe('already-voted');
    expect((await world.stored(id)).access.state).toBe('waiting');
  });

  it('become one approval under 50 parallel votes, and every vote is on the record', async () => {
    const world = memoryWorld();
    const id = await world.ask();
    await world.live(1);
    const voters = ['U0LEA', 'U0LEO', 'U0SEC', 'U0ANA', 'U0OUT'];
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) => world.vote(id, voters[index % 5] ?? '')),
    );
    const told = await world.told(id);
    const count = (action: string): number => told.filter((each) => each === action).length;
    expect(count('access.approved')).toBe(1);
    expect(count('vote.approved') + count('vote.refused')).toBe(50);
    expect(outcomes.filter((outcome) => !isRefused(outcome))).toHaveLength(count('vote.approved'));
    const { access } = await world.stored(id);
    expect(new Set(access.votes.map(({ person }) => person)).size).toBe(access.votes.length);
    await world.live(1);
    expect(world.grants.calls.filter(({ verb }) => verb === 'issue')).toHaveLength(1);
    expect(world.sandboxes.opened.get(id)).toBe(1);
  });

  it('are void with one denial, whatever else was said', async () => {
    const world = memoryWorld();
    const id = await world.ask();
    await world.vote(id, 'U0LEA');
    await world.vote(id, 'U0LEA', 'deny');
    expect((await world.stored(id)).access).toMatchObject({ state: 'rejected', by: { id: 'U0LEA' } });
    expect(refusalOf(await world.vote(id, 'U0SEC'))).toEqual({
      code: 'wrong-state',
      state: 'rejected',
      wanted: 'waiting',
    });
  });
});

describe('a vote is refused, and says so in the trail', () => {
  it.each<[string, string, (world: ReturnType<typeof memoryWorld>) => void, string]>([
    [
      "the requester's own, though a lead",
      'U0ANA',
      (world) => void world.directory.groups.get('leads')?.add('U0ANA'),
      'own-request',
    ],
    ["a bystander's", 'U0OUT', () => {}, 'not-an-approver'],
    ["a guest's", 'U0LEA', (world) => world.directory.change('U0LEA', { restricted: true }), 'ineligible'],
    [
      "a deactivated lead's",
      'U0LEA',
      (world) => world.directory.change('U0LEA', { deleted: true }),
      'ineligible',
    ],
    [
      "somebody's whose account could not be looked up",
      'U0LEA',
      (world) => void world.directory.down.add('U0LEA'),
      'directory-unavailable',
    ],
    [
      "a lead's, while the group of leads cannot be had",
      'U0LEA',
      (world) => void world.directory.down.add('leads'),
      'directory-unavailable',
    ],
    [
      'after a rule came to deny it',
      'U0LEA',
      (world) =>
        world.setPolicy(
          makePolicy((input) => {
            input.rules = [{ deny: { targets: ['*'], because: 'freeze' } }];
          }),
        ),
      'denied-by-rule',
    ],
    [
      'after what it grants was changed',
      'U0LEA',
      (world) =>
        world.setPolicy(
          makePolicy((input) => {
            input.targets['payments-db'].grant.aws.managed = ['arn:aws:iam::aws:policy/AdministratorAccess'];
          }),
        ),
      'terms-changed',
    ],
    [
      'after its target was taken out of the policy',
      'U0LEA',
      (world) =>
        world.setPolicy(makePolicy((input) => void Reflect.deleteProperty(input.targets, 'payments-db'))),
      'terms-changed',
    ],
  ])('%s', async (_, voter, arrange, code) => {
    const world = memoryWorld();
    const id = await world.ask();
    await world.live(1);
    arrange(world);
    expect(refusalOf(await world.vote(id, voter)).code).toBe(code);
    expect((await world.stored(id)).access).toMatchObject({ state: 'waiting', votes: [] });
    expect(await lastEntry(world)).toMatchObject({
      action: 'vote.refused',
      access: id,
      actor: { id: voter },
      details: { code },
    });
  });

  it('on a message that is no card of this access', async () => {
    const world = memoryWorld();
    const [id, other] = [await world.ask(), await world.ask()];
    await world.live(1);
    const [foreign] = await world.notices.posted(other, 'card');
    for (const card of [
      { channel: 'C0APPROVE', ts: '99.0' },
      { channel: 'C0EVIL', ts: '1.0' },
      foreign ?? { channel: '', ts: '' },
    ]) {
      expect(
        refusalOf(await castVote(world.deps, { access: id, voter: lea, answer: 'approve', card })).code,
      ).toBe('stale-card');
    }
    expect((await world.stored(id)).access.state).toBe('waiting');
  });

  it('after the lapse, though its timer was lost', async () => {
    const world = memoryWorld();
    world.timers.mode = 'lost';
    const id = await world.ask();
    await runEffect(world.deps, 'notify', id);
    world.tick(8 * 3_600_000);
    expect(refusalOf(await world.vote(id, 'U0LEA'))).toEqual({
      code: 'wrong-state',
      state: 'lapsed',
      wanted: 'waiting',
    });
  });

  it('on a record that does not verify, with one alarm however often it is tried', async () => {
    const world = memoryWorld();
    const id = await world.ask();
    await world.live(1);
    world.ledger.forge(id);
    for (let tries = 0; tries < 3; tries += 1)
      expect(refusalOf(await world.vote(id, 'U0LEA')).code).toBe('unproven');
    const told = await world.told(id);
    expect(told.filter((action) => action === 'alarm.raised')).toHaveLength(1);
  });
});

describe('entitlement is judged when the last vote falls', () => {
  it('an earlier voter who is out of the group by then no longer counts', async () => {
    const world = memoryWorld();
    const id = await world.ask();
    await world.vote(id, 'U0LEA');
    world.directory.groups.set('leads', new Set(['U0LEO']));
    await world.vote(id, 'U0SEC');
    expect((await world.stored(id)).access.state).toBe('waiting');
    await world.vote(id, 'U0LEO');
    expect((await world.stored(id)).access.state).toBe('approved');
  });

  it('a requester who left by then gets nothing', async () => {
    const world = memoryWorld();
    const id = await world.ask();
    await world.vote(id, 'U0LEA');
    world.directory.change('U0ANA', { deleted: true });
    expect(refusalOf(await world.vote(id, 'U0SEC'))).toEqual({ code: 'ineligible', why: 'deactivated' });
    expect((await world.stored(id)).access.state).toBe('waiting');
  });

  it('a line added since the ask must be met too', async () => {
    const world = memoryWorld();
    const id = await world.ask();
    await world.vote(id, 'U0LEA');
    world.setPolicy(
      makePolicy((input) => {
        input.targets['payments-db'].approvers.push({ from: ['on-call'], count: 1 });
      }),
    );
    await world.vote(id, 'U0SEC');
    expect((await world.stored(id)).access.state).toBe('waiting');
    await world.vote(id, 'U0BEN');
    expect((await world.stored(id)).access.state).toBe('approved');
  });
});

describe('a directory that does not answer while the last vote falls', () => {
  it('does not swallow the vote: once it answers again, the same people can decide', async () => {
    const world = memoryWorld();
    const id = await world.ask();
    await world.vote(id, 'U0LEA');
    world.directory.down.add('leads');
    expect(refusalOf(await world.vote(id, 'U0SEC'))).toEqual({
      code: 'directory-unavailable',
      missing: ['leads'],
    });
    world.directory.down.clear();
    await world.vote(id, 'U0SEC');
    expect((await world.stored(id)).access.state).toBe('approved');
  });
});

describe('the requester', () => {
  it('may withdraw while it waits; nobody else may', async () => {
    const world = memoryWorld();
    const id = await world.ask();
    expect(refusalOf(await done(world.deps, { access: id, person: lea })).code).toBe('not-yours');
    expect(isRefused(await done(world.deps, { access: id, person: ana }))).toBe(false);
    expect((await world.stored(id)).access.state).toBe('withdrawn');
    expect(await world.told(id)).toEqual(['access.requested', 'access.refused', 'access.withdrawn']);
  });
});
