/** Every no that a person can get, in the words that they get it, over the real bot; and each is on the record. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isObject, type JsonObject } from '../../src/playground/slack/wire.ts';
import { changePolicy, codes, type Talk, talkIn } from '../support/talk.ts';
import { openWorld, type World } from '../support/world.ts';

/** Accounts that may neither ask nor decide, though groups name them. */
const odd = ['U0GUEST', 'U0GONE', 'U0STRANGE', 'U0ROBOT', 'U0OTHER'];
const offered = '`payments-db`, `wiki`, `odd-db`, `vault`, `frozen` or `shifting`';

let world: World;
let talk: Talk;

beforeAll(async () => {
  world = await openWorld({
    seed: (seed) => {
      seed.people = [
        ...(seed.people ?? []),
        { id: 'U0KEEP', name: 'keep' },
        { id: 'U0GONE', name: 'gone', deleted: true },
        { id: 'U0STRANGE', name: 'strange', is_stranger: true, team_id: 'T0OTHER' },
        { id: 'U0ROBOT', name: 'robot', is_bot: true },
        { id: 'U0OTHER', name: 'other', team_id: 'T0OTHER' },
      ];
      const everyone = seed.people.map(({ id }) => id);
      seed.channels = [
        { id: 'C0GENERAL', name: 'general' },
        { id: 'C0APPROVE', name: 'prod-approvals', members: everyone },
        { id: 'C0AUDIT', name: 'prod-audit' },
      ];
      seed.usergroups = [
        { id: 'S0PAY', handle: 'payments', users: ['U0ANA', 'U0BEN', 'U0LEO', ...odd] },
        { id: 'S0KEEP', handle: 'keepers', users: ['U0KEEP'] },
      ];
    },
    policy: (policy) => {
      const { wiki } = policy.targets;
      const groups = { ...policy.groups, odd: { users: odd }, keepers: { usergroup: 'S0KEEP' } };
      const like = (from: string, requesters = ['payments']) => ({
        ...structuredClone(wiki),
        requesters,
        approvers: [{ from: [from], count: 1 }],
      });
      const targets = {
        ...policy.targets,
        'odd-db': { ...like('leads'), approvers: [{ from: ['leads', 'odd'], count: 1 }] },
        vault: like('keepers'),
        frozen: like('leads'),
        shifting: like('leads'),
        'secret-db': like('leads', ['on-call']),
      };
      Object.assign(policy, { groups, targets });
      policy.rules.push({ deny: { targets: ['frozen'], because: 'release <freeze>' } });
    },
  });
  await world.startBot();
  talk = talkIn(world);
}, 60_000);

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const reason = 'the wiki is down and must be read';

describe('asking', () => {
  it('tells a target that is not there and one that is not theirs alike, with what they may ask for', async () => {
    const unknown = await talk.tell('U0ANA', `no-such-db 10m ${reason}`);
    const forbidden = await talk.tell('U0ANA', `secret-db 10m ${reason}`);
    expect(unknown.words).toBe(
      `:no_entry_sign: There is no target \`no-such-db\` that you may ask for. You may ask for ${offered}. \`/prod-access help\` shows the commands.`,
    );
    expect(forbidden.words).toBe(unknown.words.replace('no-such-db', 'secret-db'));
    expect(codes(unknown)).toEqual(['access.refused no-such-target']);
    expect(codes(forbidden)).toEqual(['access.refused no-such-target']);
    expect(forbidden.refusals[0]?.details.asked).toBe('secret-db');
  });

  it('takes an unknown subcommand for a target, and hints at help', async () => {
    const { words } = await talk.tell('U0ANA', 'aprove acc_234567');
    expect(words).toContain('There is no target `aprove` that you may ask for.');
    expect(words).toContain('`/prod-access help` shows the commands.');
  });

  it.each([
    [`wiki 2h ${reason}`, 'duration-too-long', '2h is too long: this target allows at most 1h.'],
    [`wiki 45x ${reason}`, 'duration-malformed', '`45x` is not a duration. Write a whole number and a unit'],
    [`wiki 1.5h ${reason}`, 'duration-malformed', '`1.5h` is not a duration.'],
    [`wiki 0m ${reason}`, 'duration-malformed', '`0m` is no time at all.'],
    ['wiki 10m', 'reason-missing', 'A reason is missing.'],
    [
      'wiki 10m short',
      'reason-too-short',
      'The reason is too short: 5 characters, and at least 10 are needed.',
    ],
    [
      `wiki 10m ${'long '.repeat(220)}`,
      'reason-too-long',
      'The reason is too long: 1099 characters, and at most 1000 fit.',
    ],
    [
      'payments-db 10m checkout answers 500',
      'ticket-missing',
      'A ticket is missing. Name one such as `INC-1234`',
    ],
    [`frozen 10m ${reason}`, 'denied-by-rule', 'Not now: release &lt;freeze&gt;.'],
  ])('refuses "%.40s" as %s', async (text, code, words) => {
    const said = await talk.tell('U0ANA', text);
    expect(said.words).toContain(words);
    expect(codes(said)).toEqual([`access.refused ${code}`]);
    expect(said.refusals[0]?.target).toBe(text.split(' ')[0]);
  });

  it.each([
    ['U0GUEST', 'guest', 'Guests can neither ask nor decide.'],
    ['U0STRANGE', 'other-team', 'Your account belongs to another workspace.'],
    ['U0OTHER', 'other-team', 'Your account belongs to another workspace.'],
    ['U0ROBOT', 'bot', 'Apps and bots can neither ask nor decide.'],
  ])('lets %s ask for nothing: %s', async (user, _why, words) => {
    const said = await talk.tell(user, `wiki 10m ${reason}`);
    expect(said.words).toContain(words);
    expect(codes(said)).toEqual(['access.refused ineligible']);
  });

  it('offers nothing to those who may not ask', async () => {
    const list = await talk.tell('U0GUEST', 'list');
    expect(list.words).toBe(
      'You have no access and no open request.\nYou may not ask for any target at present.',
    );
    const form = await talk.tell('U0GUEST', '');
    expect(form.words).toContain('Guests can neither ask nor decide.');
    expect(codes(form)).toEqual(['access.refused ineligible']);
  });

  it('refuses a deactivated account and a stranger whose payload names our workspace', async () => {
    for (const [user, words] of [
      ['U0GONE', 'Your account is deactivated.'],
      ['U0STRANGE', 'Your account comes from another organisation.'],
    ]) {
      const before = (await world.entries()).length;
      const answer = await world.slack.deliverRaw('command', {
        user_id: user,
        user_name: 'somebody',
        team_id: world.slack.workspace.team.id,
        channel_id: 'C0GENERAL',
        command: '/prod-access',
        text: `wiki 10m ${reason}`,
        trigger_id: 'none',
      });
      expect(JSON.parse(answer.body).text).toContain(words);
      expect(codes({ refusals: await talk.refusalsSince(before, user) })).toEqual([
        'access.refused ineligible',
      ]);
    }
  });
});

describe('the form', () => {
  async function submit(user: string, input: JsonObject) {
    await world.slack.human.command(user, 'C0GENERAL', '/prod-access');
    const view = world.slack.human.openView(user);
    if (view === undefined) throw new Error('no form was opened');
    const before = (await world.entries()).length;
    const outcome = await world.slack.human.submitView(user, view.id, input);
    if (outcome.outcome === 'errors') await world.slack.human.closeView(user, view.id);
    return { outcome, refusals: await talk.refusalsSince(before, user) };
  }

  it.each([
    ['duration', 'duration-too-long', { target: 'wiki', duration: '2h', reason }, '2h is too long'],
    [
      'duration',
      'duration-malformed',
      { target: 'wiki', duration: 'soon', reason },
      '"soon" is not a duration',
    ],
    ['reason', 'reason-too-short', { target: 'wiki', reason: 'short' }, 'The reason is too short'],
    ['reason', 'reason-missing', { target: 'wiki', reason: '\u200b\u202e' }, 'A reason is missing'],
    ['ticket', 'ticket-missing', { target: 'payments-db', reason }, 'Name one such as "INC-1234"'],
    ['ticket', 'ticket-missing', { target: 'payments-db', reason, ticket: 'INC-x' }, 'A ticket is missing'],
    ['target', 'denied-by-rule', { target: 'frozen', reason }, 'Not now: release <freeze>.'],
  ])('shows its error under %s: %s', async (field, code, input, words) => {
    const said = await submit('U0ANA', input);
    expect(said.outcome).toEqual({ outcome: 'errors', errors: { [field]: expect.stringContaining(words) } });
    expect(codes(said)).toEqual([`access.refused ${code}`]);
  });

  it('shows all that is wrong at once, each at its field', async () => {
    const said = await submit('U0ANA', { target: 'payments-db', duration: '0m', reason: 'x', ticket: 'INC' });
    expect(said.outcome).toEqual({
      outcome: 'errors',
      errors: {
        duration: expect.stringContaining('"0m" is no time at all'),
        reason: expect.stringContaining('The reason is too short: 1 character,'),
        ticket: expect.stringContaining('A ticket is missing'),
      },
    });
    expect(codes(said)).toEqual(['access.refused duration-malformed']);
  });

  it('offers what one may ask for and no more', async () => {
    await world.slack.human.command('U0ANA', 'C0GENERAL', '/prod-access');
    const view = world.slack.human.openView('U0ANA');
    const shown = JSON.stringify(view?.blocks);
    expect(shown).toContain('"odd-db"');
    expect(shown).not.toContain('secret-db');
    await world.slack.human.closeView('U0ANA', view?.id ?? '');
  });
});

describe('deciding', () => {
  async function click(user: string, access: string, answer = 'approve') {
    const card = await talk.cardOf(access);
    return talk.during(user, () => world.slack.human.click(user, card, answer));
  }

  it.each([
    ['U0GUEST', 'Guests can neither ask nor decide.'],
    ['U0GONE', 'Your account is deactivated.'],
    ['U0STRANGE', 'Your account comes from another organisation.'],
    ['U0ROBOT', 'Apps and bots can neither ask nor decide.'],
    ['U0OTHER', 'Your account belongs to another workspace.'],
  ])('does not count %s, though the policy names them', async (user, words) => {
    const access = await talk.ask('U0ANA', `odd-db 10m ${reason}`);
    const card = await talk.cardOf(access);
    const said = await talk.during(user, () =>
      talk.forgedClick(card, 'approve', (payload) => ({
        ...payload,
        user: { id: user, username: 'x', name: 'x', team_id: world.slack.workspace.team.id },
      })),
    );
    expect(said.words).toContain(words);
    expect(codes(said)).toEqual(['vote.refused ineligible']);
    expect(said.refusals[0]).toMatchObject({ access, details: { answer: 'approve' } });
  });

  it('refuses the requester, an outsider, a second vote of one person, and whoever comes too late', async () => {
    const access = await talk.ask('U0LEO', 'payments-db 10m checkout answers 500, INC-4821');
    const card = await talk.cardOf(access);
    const late = world.slack.human.clickPayload('U0SEC', card, 'approve');

    const own = await click('U0LEO', access);
    expect(own.words).toBe('This is your own request. Somebody else has to decide on it.');
    expect(codes(own)).toEqual(['vote.refused own-request']);

    const outsider = await click('U0OUT', access);
    expect(outsider.words).toBe(
      'You are not among those who may decide on this. The card names the groups that may.',
    );
    expect(codes(outsider)).toEqual(['vote.refused not-an-approver']);

    await world.slack.human.click('U0LEA', card, 'approve');
    const twice = await click('U0LEA', access);
    expect(twice.words).toBe('You have approved this already. It takes others now.');
    expect(codes(twice)).toEqual(['vote.refused already-voted']);

    expect((await talk.tell('U0LEO', `done ${access}`)).words).toContain('Withdrawn');
    const tooLate = await talk.during('U0SEC', () => world.slack.deliverRaw('interactive', late));
    expect(tooLate.words).toBe('Nothing was done: it was withdrawn.');
    expect(codes(tooLate)).toEqual(['vote.refused wrong-state']);
  });

  it('takes a deny with its reason, and shows who and why on every copy of the card', async () => {
    const access = await talk.ask('U0ANA', `wiki 10m ${reason}`);
    const card = await talk.cardOf(access);
    await world.slack.waitFor(() => talk.copiesOf(access).length === 3, 10_000);
    const late = world.slack.human.clickPayload('U0LEO', card, 'approve');

    await world.slack.human.click('U0OUT', card, 'deny');
    const foreign = world.slack.human.openView('U0OUT')?.id ?? '';
    const outcome = await world.slack.human.submitView('U0OUT', foreign, { reason: 'I say so' });
    expect(outcome).toEqual({
      outcome: 'errors',
      errors: {
        reason: 'You are not among those who may decide on this. The card names the groups that may.',
      },
    });

    await world.slack.human.click('U0LEA', card, 'deny');
    const view = world.slack.human.openView('U0LEA')?.id ?? '';
    expect(await world.slack.human.submitView('U0LEA', view, { reason: '' })).toMatchObject({
      outcome: 'incomplete',
    });
    expect(
      await world.slack.human.submitView('U0LEA', view, { reason: 'use the <replica>\ninstead' }),
    ).toEqual({ outcome: 'closed' });

    await world.slack.waitFor(
      () =>
        talk.copiesOf(access).every(({ message }) => {
          const text = JSON.stringify(message.blocks);
          return (
            text.includes('denied by <@U0LEA>') &&
            text.includes('use the &lt;replica&gt; instead') &&
            !text.includes('"approve"')
          );
        }),
      10_000,
    );
    expect(talk.copiesOf(access).length).toBe(3);
    const direct = world.slack.human.openDirect('U0ANA');
    const over = await world.slack.waitFor(
      () =>
        world.slack.human
          .messages(direct, 'U0ANA')
          .find(({ text }) => text.includes('is over') && text.includes('denied by <@U0LEA>')),
      10_000,
    );
    expect(over.text).toContain('use the &lt;replica&gt; instead');

    const tooLate = await talk.during('U0LEO', () => world.slack.deliverRaw('interactive', late));
    expect(tooLate.words).toBe('Nothing was done: it was denied.');
    const entries = (await world.entries()).filter((entry) => entry.access === access);
    expect(entries.map(({ action }) => action)).toEqual([
      'access.requested',
      'vote.refused',
      'vote.denied',
      'access.rejected',
      'vote.refused',
    ]);
  });

  it('keeps a deny whose reason is cut inside a pair', async () => {
    const access = await talk.ask('U0ANA', `wiki 10m ${reason}`);
    const card = await talk.cardOf(access);
    await world.slack.human.click('U0LEA', card, 'deny');
    const view = world.slack.human.openView('U0LEA');
    const outcome = await world.slack.deliverRaw('interactive', {
      type: 'view_submission',
      team: { id: world.slack.workspace.team.id },
      user: { id: 'U0LEA', name: 'lea' },
      view: {
        ...view,
        state: {
          values: { reason: { value: { type: 'plain_text_input', value: `${'x'.repeat(999)}😀😀` } } },
        },
      },
    });
    expect(outcome).toMatchObject({ status: 200, body: '' });
    const rejected = await world.untilEntry(
      (entry) => entry.access === access && entry.action === 'access.rejected',
    );
    expect(rejected.details.why).toBe(`${'x'.repeat(999)}😀`);
  });

  it('refuses a vote where the directory fails, says so, and approves nothing', async () => {
    await talk.tell('U0ANA', 'list');
    world.slack.inject({ method: 'usergroups.users.list', error: 'internal_error' });
    const access = await talk.ask('U0ANA', `vault 10m ${reason}`);
    const said = await click('U0KEEP', access);
    expect(said.words).toBe(
      'Slack could not be asked who is in which group, so nothing was decided. Try again in a moment.',
    );
    expect(codes(said)).toEqual(['vote.refused directory-unavailable']);
    const revoking = await talk.tell('U0KEEP', `revoke ${access}`);
    expect(revoking.words).toContain('Slack could not be asked who is in which group');
    expect(codes(revoking)).toEqual(['access.refused directory-unavailable']);
    world.slack.clearFaults();
    const actions = (await world.entries()).filter((entry) => entry.access === access);
    expect(actions.map(({ action }) => action)).not.toContain('access.approved');

    expect((await click('U0OUT', access)).words).toContain('You are not among those who may decide');
    expect((await talk.tell('U0ANA', `done ${access}`)).words).toContain('Withdrawn');
  });

  it('holds an open request against the policy of the moment of the vote', async () => {
    const frozen = await talk.ask('U0ANA', `wiki 10m ${reason}`);
    const shifted = await talk.ask('U0ANA', `shifting 10m ${reason}`);
    const gone = await talk.ask('U0ANA', `odd-db 10m ${reason}`);
    for (const access of [frozen, shifted, gone]) await talk.cardOf(access);
    await changePolicy(world, (policy) => {
      const { targets } = policy as unknown as {
        targets: Record<string, { sandbox: { processes: number } }>;
      };
      policy.rules.push({ deny: { targets: ['wiki'], because: 'wiki is being moved' } });
      const { shifting } = targets;
      if (shifting !== undefined) shifting.sandbox.processes = 65;
      delete targets['odd-db'];
    });

    const denied = await click('U0LEA', frozen);
    expect(denied.words).toBe('Not now: wiki is being moved.');
    expect(codes(denied)).toEqual(['vote.refused denied-by-rule']);
    expect(denied.refusals[0]?.details.because).toBe('wiki is being moved');

    const changed = await click('U0LEA', shifted);
    expect(changed.words).toBe(
      'What this target grants has changed since it was asked for. It has to be asked for again.',
    );
    expect(codes(changed)).toEqual(['vote.refused terms-changed']);

    const missing = await click('U0LEA', gone);
    expect(missing.words).toBe(changed.words);
    await world.slack.human.click('U0LEA', await talk.cardOf(gone), 'deny');
    const view = world.slack.human.openView('U0LEA')?.id ?? '';
    expect(await world.slack.human.submitView('U0LEA', view, { reason: 'it is gone' })).toEqual({
      outcome: 'errors',
      errors: { reason: changed.words },
    });

    // Denying needs no rule's leave.
    await world.slack.human.closeView('U0LEA', view);
    await world.slack.human.click('U0LEA', await talk.cardOf(frozen), 'deny');
    const deny = world.slack.human.openView('U0LEA')?.id ?? '';
    expect(await world.slack.human.submitView('U0LEA', deny, { reason: 'moved' })).toEqual({
      outcome: 'closed',
    });
    await changePolicy(world, (policy) => policy.rules.pop());
  });
});

describe('looking and ending', () => {
  it('helps and lists', async () => {
    const help = await talk.tell('U0BEN', 'help');
    expect(help.words).toContain(
      '`/prod-access payments-db 45m checkout answers 500, INC-4821` asks in one line',
    );
    expect((await talk.tell('U0BEN', 'status')).words).toContain('You have not asked for anything yet.');
    expect((await talk.tell('U0BEN', 'list')).words).toContain('You have no access and no open request.');
    expect((await talk.tell('U0BEN', 'done')).words).toBe('You have nothing to end.');
    expect((await talk.tell('U0BEN', 'revoke')).words).toContain('Say which: `/prod-access revoke <id>');
    expect((await talk.tell('U0OUT', 'list')).words).toContain('You may not ask for any target at present.');

    const first = await talk.ask('U0BEN', `wiki 10m ${reason}`);
    const again = await talk.tell('U0BEN', `wiki 20m ${reason}`);
    expect(again.words).toContain(
      'You already have one request or access for this target; this is one more.',
    );
    const second = /acc_[a-z2-7]{16}/.exec(again.words)?.[0] ?? '';
    const list = (await talk.tell('U0BEN', 'list')).words;
    expect(list).toContain(`\`${first}\` \`wiki\` for 10m: :hourglass: lapses`);
    expect(list).toContain(`\`${second}\` \`wiki\` for 20m`);
    expect((await talk.tell('U0ANA', 'list')).words).not.toContain(first);

    const which = await talk.tell('U0BEN', 'done');
    expect(which.words).toContain('You have 2. Say which:');
    expect((await talk.tell('U0BEN', `done ${second}`)).words).toBe(
      `:leftwards_arrow_with_hook: Withdrawn: \`${second}\`.`,
    );
    expect((await talk.tell('U0BEN', `status ${second.slice(4, 16)}`)).words).toContain(
      'withdrawn by its requester',
    );
    expect((await talk.tell('U0LEA', `status ${second}`)).words).toContain('withdrawn by its requester');
    expect((await talk.tell('U0OUT', `status ${second}`)).words).toContain(
      `There is no access \`${second}\``,
    );
    expect((await talk.tell('U0BEN', 'done')).words).toContain(`Withdrawn: \`${first}\``);
    const over = await talk.tell('U0BEN', `done ${first}`);
    expect(over.words).toContain('Nothing was done: it was withdrawn.');
    expect(codes(over)).toEqual(['access.refused wrong-state']);
  });

  it("leaves others' accesses to those who may decide on them", async () => {
    const access = await talk.ask('U0ANA', `wiki 10m ${reason}`);
    const notMine = await talk.tell('U0BEN', `done ${access}`);
    expect(notMine.words).toContain('This is not your access. Only its requester can do that.');
    expect(codes(notMine)).toEqual(['access.refused not-yours']);

    const revoke = await talk.tell('U0OUT', `revoke ${access} because`);
    expect(revoke.words).toContain('You are not among those who may decide on this.');
    expect(codes(revoke)).toEqual(['access.refused not-an-approver']);
    const guest = await talk.tell('U0GUEST', `revoke ${access}`);
    expect(guest.words).toContain('Guests can neither ask nor decide.');
    expect(codes(guest)).toEqual(['access.refused ineligible']);

    const taken = await talk.tell('U0LEO', `revoke ${access} ${'y'.repeat(999)}😀😀`);
    expect(taken.words).toContain(`Taking away \`${access}\` now.`);
    const rejected = await world.untilEntry(
      (entry) => entry.access === access && entry.action === 'access.rejected',
    );
    expect(rejected.details.why).toBe(`${'y'.repeat(999)}😀`);
    expect(rejected.actor.id).toBe('U0LEO');
  });

  it('finds an access by what is unique of its id, and says where it is not', async () => {
    const ids: string[] = [];
    const shared = () => ids.find((id, at) => ids.findIndex((other) => other[4] === id[4]) < at);
    while (shared() === undefined) ids.push(await talk.ask('U0BEN', `wiki 10m ${reason}`));
    const first = shared()?.slice(4, 5) ?? '';
    for (const verb of ['status', 'done', 'revoke'])
      expect((await talk.tell('U0BEN', `${verb} ${first}`)).words).toContain(
        `\`${first}\` fits several accesses. Write more of the id.`,
      );
    for (const text of ['acc_aaaaaaaaaaaaaaaa', 'acc_aaaaaaaaaaaaa', '%*', '<!channel>']) {
      const shown = text.replace('<', '&lt;').replace('>', '&gt;');
      expect((await talk.tell('U0BEN', `status ${text}`)).words).toContain(
        `There is no access \`${shown}\`.`,
      );
    }
  });
});

it('put every refusal on the record with a code', async () => {
  const refusals = (await world.entries()).filter(({ action }) => action.endsWith('.refused'));
  expect(refusals.length).toBeGreaterThan(40);
  for (const { details } of refusals) expect(details.code).toMatch(/^[a-z-]+$/);
  const entries = await world.entries();
  expect(entries.filter(({ action }) => action === 'access.approved')).toEqual([]);
  expect(isObject(entries.at(-1))).toBe(true);
});
