/** What comes in from Slack is input, never authority; and Slack failing in any way loses nothing and doubles nothing. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isObject, type JsonObject } from '../../src/playground/slack/wire.ts';
import { codes, type Talk, talkIn } from '../support/talk.ts';
import { of } from '../support/wiki-life.ts';
import { openWorld, type World } from '../support/world.ts';

const reason = 'the wiki is down and must be read';
const staleWords = "This message is not a card that the bot knows. Use the card in the approvers' channel.";

let world: World;
let talk: Talk;

beforeAll(async () => {
  world = await openWorld({
    seed: (seed) => {
      seed.people = [...(seed.people ?? []), { id: 'U0LEFT', name: 'left' }, { id: 'U0NEW', name: 'new' }];
      seed.people.push({ id: 'U0EVE', name: 'eve' });
      seed.usergroups?.[0]?.users?.push('U0EVE');
    },
    policy: (policy) => {
      const like = (from: string) => ({
        ...structuredClone(policy.targets.wiki),
        approvers: [{ from: [from], count: 1 }],
      });
      Object.assign(policy.groups, {
        leavers: { users: ['U0LEA', 'U0LEFT'] },
        archived: { users: ['U0LEA', 'U0NEW'] },
      });
      Object.assign(policy.targets, { 'left-db': like('leavers'), 'archived-db': like('archived') });
    },
  });
  await world.startBot();
  talk = talkIn(world);
}, 60_000);

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const count = async (): Promise<number> => (await world.entries()).length;
const actionsOf = async (access: string): Promise<readonly string[]> =>
  (await world.entries()).filter((entry) => entry.access === access).map(({ action }) => action);

function commandOf(text: string, more: JsonObject = {}): JsonObject {
  return {
    user_id: 'U0ANA',
    user_name: 'ana',
    team_id: world.slack.workspace.team.id,
    channel_id: 'C0GENERAL',
    command: '/prod-access',
    text,
    trigger_id: 'none',
    ...more,
  };
}

/** Waits until the audit channel carries the whole trail, and returns the numbers in the order of the posts. */
async function auditCaughtUp(): Promise<readonly number[]> {
  const posted = (): number[] =>
    (world.slack.workspace.messages.get('C0AUDIT') ?? []).flatMap(({ metadata }) =>
      isObject(metadata?.event_payload) && Array.isArray(metadata.event_payload.seqs)
        ? metadata.event_payload.seqs.map(Number)
        : [],
    );
  const last = await count();
  await world.slack.waitFor(() => posted().includes(last), 30_000);
  return posted();
}

const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, at) => at + 1);

describe('a request that Slack did not sign', () => {
  const now = (): number => Math.floor(Date.now() / 1_000);
  it.each([
    ['with another secret', () => ({ secret: 'f'.repeat(32) })],
    ['not at all', () => ({ signature: '' })],
    ['with rubbish', () => ({ signature: `v0=${'0'.repeat(64)}` })],
    ['six minutes ago', () => ({ timestamp: now() - 360 })],
    ['six minutes ahead', () => ({ timestamp: now() + 360 })],
  ])('is refused: signed %s', async (_how, forgery) => {
    const before = await count();
    const answer = await world.slack.deliverRaw('command', commandOf(`wiki 10m ${reason}`), forgery());
    expect(answer.status).toBe(401);
    expect(await count()).toBe(before);
  });
});

describe('a captured request', () => {
  /** Sends it again as it was, and with headers that differ and are signed as well as before. */
  async function replayAll(): Promise<void> {
    const captured = world.slack.lastDelivery();
    if (captured === undefined) throw new Error('nothing was delivered');
    const { 'x-slack-signature': signature = '', 'x-slack-request-timestamp': at = '' } = captured.headers;
    const bent = [
      {},
      { 'x-slack-signature': `${signature}=` },
      { 'x-slack-signature': `${signature}=again` },
      { 'x-slack-request-timestamp': `0${at}` },
      { 'x-slack-request-timestamp': `${at}.0` },
      { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    ];
    await Promise.all(
      bent.map((headers) =>
        world.slack.replay({ ...captured, headers: { ...captured.headers, ...headers } }),
      ),
    );
  }

  it('asks once, however often it is sent', async () => {
    await talk.ask('U0BEN', `wiki 10m ${reason}`);
    const before = await count();
    await replayAll();
    expect(await count()).toBe(before);
  });

  it('votes once, however often it is sent', async () => {
    const access = await talk.ask('U0BEN', 'payments-db 10m checkout answers 500, INC-4821');
    const card = await talk.cardOf(access);
    await world.slack.human.click('U0LEA', card, 'approve');
    await replayAll();
    expect(await actionsOf(access)).toEqual(['access.requested', 'vote.approved']);
  });
});

describe('a click that was bent', () => {
  it.each<[string, (payload: JsonObject, other: string) => JsonObject]>([
    [
      'another channel',
      (payload) => ({ ...payload, container: { ...(payload.container as object), channel_id: 'C0GENERAL' } }),
    ],
    [
      'another message',
      (payload) => ({ ...payload, container: { ...(payload.container as object), message_ts: '1.000001' } }),
    ],
    [
      'another access',
      (payload, other) => ({
        ...payload,
        actions: (payload.actions as JsonObject[]).map((action) => ({ ...action, value: other })),
      }),
    ],
    [
      'no access at all',
      (payload) => ({
        ...payload,
        actions: (payload.actions as JsonObject[]).map((action) => ({ ...action, value: 'acc_' })),
      }),
    ],
  ])('is no vote: it names %s', async (_what, bend) => {
    const access = await talk.ask('U0ANA', `wiki 10m ${reason}`);
    const other = await talk.ask('U0ANA', `wiki 10m ${reason}`);
    await talk.cardOf(other);
    const card = await talk.cardOf(access);
    const said = await talk.during('U0LEA', () =>
      talk.forgedClick(card, 'approve', (payload) => bend(payload, other)),
    );
    expect(said.words).toBe(staleWords);
    expect(codes(said)).toEqual(['vote.refused stale-card']);
    for (const each of [access, other]) expect(await actionsOf(each)).not.toContain('vote.approved');
  });

  it.each([['T0EVIL'], [undefined]])('is no vote: it comes from team %s', async (team) => {
    const access = await talk.ask('U0ANA', `wiki 10m ${reason}`);
    const card = await talk.cardOf(access);
    const said = await talk.during('U0LEA', () =>
      talk.forgedClick(card, 'approve', (payload) => ({
        ...payload,
        team: team === undefined ? null : { id: team },
      })),
    );
    expect(said.words).toContain('Your account belongs to another workspace.');
    expect(await actionsOf(access)).toEqual(['access.requested', 'vote.refused']);
  });

  it('is judged anew where a form is sent with other private metadata', async () => {
    const { slack } = world;
    const access = await talk.ask('U0ANA', `wiki 10m ${reason}`);
    const other = await talk.ask('U0ANA', `wiki 10m ${reason}`);
    const card = await talk.cardOf(access);
    await talk.cardOf(other);
    await slack.human.click('U0LEA', card, 'deny');
    const view = slack.human.openView('U0LEA');
    const submit = async (user: string, context: JsonObject | string, team = slack.workspace.team.id) => {
      const answer = await slack.deliverRaw('interactive', {
        type: 'view_submission',
        team: { id: team },
        user: { id: user, name: 'x', team_id: team },
        view: {
          ...view,
          private_metadata: typeof context === 'string' ? context : JSON.stringify(context),
          state: { values: { reason: { value: { type: 'plain_text_input', value: 'because' } } } },
        },
      });
      return JSON.parse(answer.body).errors.reason as string;
    };
    const real = { access, ...card };
    expect(await submit('U0LEA', { ...real, access: other })).toBe(staleWords);
    expect(await submit('U0LEA', { ...real, channel: 'C0GENERAL' })).toBe(staleWords);
    expect(await submit('U0LEA', { ...real, access: 'nonsense' })).toBe(staleWords);
    expect(await submit('U0ANA', real)).toContain('This is your own request.');
    expect(await submit('U0OUT', real)).toContain('You are not among those who may decide');
    expect(await submit('U0LEA', real, 'T0EVIL')).toContain('another workspace');
    expect(await submit('U0LEA', 'no JSON')).toContain('nothing was done');
    expect(await actionsOf(access)).toEqual(['access.requested', ...Array(4).fill('vote.refused')]);
    expect(await actionsOf(other)).toEqual(['access.requested', 'vote.refused']);
  });
});

describe('hostile words', () => {
  const hostile =
    '<!channel> <https://evil.example|bank> & *bold* _x_ \u202eevil\u200b\u0007 \u{1f600}\nsecond line';
  const shown =
    '&lt;!channel&gt; &lt;https://evil.example|bank&gt; &amp; *bold* _x_ evil \u{1f600} second line';

  /** Everything that anybody in the workspace can read, as Slack has it. */
  const everything = (): string =>
    JSON.stringify([[...world.slack.workspace.messages.values()].flat(), world.slack.workspace.ephemerals]);

  it('stay what they are, in one line, wherever they are shown', async () => {
    const { slack } = world;
    await slack.human.command('U0ANA', 'C0GENERAL', '/prod-access');
    const view = slack.human.openView('U0ANA')?.id ?? '';
    const filled = `${hostile} ${'&'.repeat(900)}`;
    const before = await count();
    expect(await slack.human.submitView('U0ANA', view, { target: 'wiki', reason: filled })).toEqual({
      outcome: 'closed',
    });
    const { access = '' } = await world.untilEntry(
      ({ action, seq }) => action === 'access.requested' && seq > before,
    );
    const card = await talk.cardOf(access);
    const direct = slack.human.openDirect('U0ANA');
    await slack.waitFor(
      () => (slack.workspace.messages.get(direct) ?? []).some(({ text }) => text.includes(shown)),
      10_000,
    );
    const message = slack.workspace.messages.get(card.channel)?.find(({ ts }) => ts === card.ts);
    const texts = (message?.blocks ?? []).flatMap(({ text }) => (isObject(text) ? [String(text.text)] : []));
    const line = texts.find((text) => text.startsWith('*Reason*\n>'));
    expect(line).toContain(shown);
    expect(line?.split('\n').length).toBe(2);

    await slack.human.click('U0LEA', card, 'deny');
    const deny = slack.human.openView('U0LEA')?.id ?? '';
    await slack.human.submitView('U0LEA', deny, { reason: hostile });
    await slack.waitFor(
      () => talk.copiesOf(access).every((copy) => JSON.stringify(copy.message).includes(`: ${shown}`)),
      10_000,
    );
    const status = await talk.tell('U0ANA', `status ${access}`);
    expect(status.words).toContain(shown);
    await auditCaughtUp();
    expect(everything()).not.toMatch(/<!channel|<https:\/\/evil|\u202e|\u200b|\\u0007/);
  });

  it('are cut short where a refusal says them back', async () => {
    const long = await talk.tell('U0ANA', `${hostile.replaceAll(' ', '')}${'x'.repeat(3_000)} 10m ${reason}`);
    expect(long.words.length).toBeLessThan(400);
    expect(codes(long)).toEqual(['access.refused no-such-target']);
    const reasonTooLong = await talk.tell('U0ANA', `wiki 10m ${`${hostile} `.repeat(40)}`);
    expect(codes(reasonTooLong)).toEqual(['access.refused reason-too-long']);
    await talk.tell('U0ANA', 'status <!channel>`<!here>');
    expect(everything()).not.toMatch(/<!channel|<!here|<https:\/\/evil|\u202e|\u200b|\\u0007/);
  });

  it('are no better as a name: a payload’s is not taken, and the directory’s is made safe', async () => {
    const name = `${hostile}${'x'.repeat(3_000)}`;
    const nameOf = async (user: string): Promise<string | undefined> => {
      const asked = commandOf(`wiki 10m ${reason}`, { user_id: user, user_name: name });
      const answer = await world.slack.deliverRaw('command', asked);
      const access = /acc_[a-z2-7]{16}/.exec(answer.body)?.[0] ?? '';
      await talk.cardOf(access);
      return (await world.entries()).find((entry) => entry.access === access)?.actor.name;
    };
    expect(await nameOf('U0ANA')).toBe('ana');
    world.slack.amend('U0EVE', { real_name: name });
    expect(await nameOf('U0EVE')).toMatch(/^<!channel> .{20,100}$/);
    await auditCaughtUp();
    expect(everything()).not.toMatch(/<!channel|<https:\/\/evil|\u202e|\u200b|\\u0007/);
  });
});

describe('trouble with one recipient', () => {
  it.each([
    ['left-db', 'U0LEFT', { method: 'conversations.open', error: 'user_not_found' }],
    ['archived-db', 'U0NEW', { method: 'chat.postMessage', error: 'is_archived' }],
  ])('%s: breaks nothing for the others', async (target, user, fault) => {
    world.slack.inject({ ...fault, user });
    const access = await talk.ask('U0ANA', `${target} 10m ${reason}`);
    await talk.cardOf(access);
    await talk.cardOf(access, world.slack.human.openDirect('U0LEA'));
    const asked = await world.slack.waitFor(
      () =>
        (world.slack.workspace.messages.get(world.slack.human.openDirect('U0ANA')) ?? []).find((each) =>
          JSON.stringify(each.blocks).includes(access),
        ),
      10_000,
    );
    expect(asked.text).toContain('You asked for');
    world.slack.clearFaults();
    expect(talk.copiesOf(access).length).toBe(2);
    expect((await talk.tell('U0ANA', `done ${access}`)).words).toContain('Withdrawn');
  });

  it('posts no card into a channel that outsiders read, also where it was shared later', async () => {
    const before = talk.cardsIn('C0APPROVE').length;
    world.slack.amend('C0APPROVE', { is_ext_shared: true });
    const access = await talk.ask('U0ANA', `wiki 10m ${reason}`);
    const card = await talk.cardOf(access, world.slack.human.openDirect('U0LEA'));
    await talk.cardOf(access, world.slack.human.openDirect('U0LEO'));
    expect(talk.cardsIn('C0APPROVE').length).toBe(before);
    await world.slack.human.click('U0LEA', card, 'deny');
    const view = world.slack.human.openView('U0LEA')?.id ?? '';
    expect(await world.slack.human.submitView('U0LEA', view, { reason: 'not now' })).toEqual({
      outcome: 'closed',
    });
    await world.slack.waitFor(
      () => talk.copiesOf(access).every(({ message }) => JSON.stringify(message).includes('denied by')),
      10_000,
    );
    expect(talk.cardsIn('C0APPROVE').length).toBe(before);
    world.slack.amend('C0APPROVE', { is_ext_shared: false });
  });
});

describe('trouble with Slack', () => {
  it('catches up after being told to slow down, with nothing lost or doubled', async () => {
    world.slack.inject({ method: 'chat.postMessage', retryAfter: 1, times: 6 });
    const access = await talk.ask('U0ANA', `wiki 10m ${reason}`);
    await talk.cardOf(access);
    await world.slack.waitFor(() => talk.copiesOf(access).length === 3, 15_000);
    expect(await auditCaughtUp()).toEqual(upTo(await count()));
    expect(talk.copiesOf(access).length).toBe(3);
  });

  it('posts once where only the answer to a post is lost', async () => {
    world.slack.inject({ method: 'chat.postMessage', drop: 'answer', times: 1, channel: 'C0APPROVE' });
    world.slack.inject({ method: 'chat.postMessage', drop: 'answer', times: 1, channel: 'C0AUDIT' });
    const access = await talk.ask('U0ANA', `wiki 10m ${reason}`);
    await talk.cardOf(access);
    await world.slack.waitFor(() => talk.copiesOf(access).length >= 3, 15_000);
    const denied = await talk.tell('U0ANA', `done ${access}`);
    expect(denied.words).toContain('Withdrawn');
    await world.slack.waitFor(
      () => talk.copiesOf(access).every(({ message }) => JSON.stringify(message).includes('withdrawn by')),
      15_000,
    );
    expect(talk.copiesOf(access).length).toBe(3);
    expect(await auditCaughtUp()).toEqual(upTo(await count()));
  });

  it('ends an access on time while Slack is away, and tells of it afterwards, each entry once', async () => {
    const access = await talk.ask('U0ANA', `wiki 5s ${reason}`);
    const card = await talk.cardOf(access);
    await world.slack.human.click('U0LEA', card, 'approve');
    const active = await world.untilEntry(of(access, 'access.active'), 30_000);
    world.slack.down(true);
    const revoked = await world.untilEntry(of(access, 'access.revoked'), 30_000);
    const end = Date.parse(String(active.details.ends_at));
    expect(Date.parse(revoked.at)).toBeGreaterThanOrEqual(end);
    // The settling time of IAM, one second in this world, is within it.
    expect(Date.parse(revoked.at) - end).toBeLessThan(8_000);
    expect(world.aws.roles()).toEqual([]);
    world.slack.down(false);
    expect(await auditCaughtUp()).toEqual(upTo(await count()));
    await world.slack.waitFor(
      () => talk.copiesOf(access).every(({ message }) => JSON.stringify(message).includes('Revoked')),
      30_000,
    );
    expect(talk.copiesOf(access).length).toBe(3);
    const told = () =>
      (world.slack.workspace.messages.get(world.slack.human.openDirect('U0ANA')) ?? []).filter(
        ({ text, blocks }) => text.includes('*revoked*') && JSON.stringify(blocks).includes(access),
      );
    await world.slack.waitFor(() => told().length > 0, 30_000);
    await wait(300);
    expect(told().length).toBe(1);
  }, 90_000);
});
