import { describe, expect, test } from 'vitest';
import { slackRate } from '../../../src/playground/slack/rates.ts';
import {
  button,
  card,
  clientOf,
  manifestWith,
  modal,
  refusal,
  scopes,
  section,
  startSlack,
} from './support.ts';

const general = 'C0GENERAL';

describe('tokens and scopes', () => {
  test('a call without a good token is refused by name', async () => {
    await using slack = await startSlack();
    const bare = await fetch(`${slack.apiUrl}auth.test`, { method: 'POST' });
    expect(await bare.json()).toEqual({ ok: false, error: 'not_authed' });
    expect(await refusal(clientOf(slack, 'xoxb-forged').auth.test())).toMatchObject({
      error: 'invalid_auth',
    });
    const withApp = clientOf(slack, slack.appToken);
    expect(await refusal(withApp.users.info({ user: 'U0ASK' }))).toMatchObject({
      error: 'not_allowed_token_type',
    });
    expect(await refusal(clientOf(slack).apps.connections.open({}))).toMatchObject({
      error: 'not_allowed_token_type',
    });
    slack.setTokenState('account_inactive');
    expect(await refusal(clientOf(slack).auth.test())).toMatchObject({ error: 'account_inactive' });
    slack.setTokenState('active');
    expect(await clientOf(slack).auth.test()).toMatchObject({
      ok: true,
      user_id: 'U0BOT',
      bot_id: 'B0LOOKALIKE',
      team_id: 'T0LOOKALIKE',
    });
    expect(await refusal(clientOf(slack).apiCall('no.such.method'))).toMatchObject({
      error: 'unknown_method',
    });
  });

  test.each([
    ['chat:write', 'chat.postMessage', { channel: general, text: 'x' }],
    ['users:read', 'users.info', { user: 'U0ASK' }],
    ['usergroups:read', 'usergroups.users.list', { usergroup: 'S0LEADS' }],
    ['channels:history', 'conversations.history', { channel: general }],
    ['groups:history', 'conversations.history', { channel: 'C0APPROVE' }],
    ['groups:read', 'conversations.info', { channel: 'C0APPROVE' }],
    ['groups:read', 'conversations.list', { types: 'public_channel,private_channel' }],
  ])('without %s, %s is refused and says what it needs', async (missing, method, args) => {
    const left = scopes.filter((scope) => scope !== missing);
    await using slack = await startSlack({ manifest: manifestWith(left) });
    expect(await refusal(clientOf(slack).apiCall(method, args))).toMatchObject({
      error: 'missing_scope',
      needed: missing,
      provided: left.join(','),
    });
  });

  test('each answer names the token’s scopes', async () => {
    await using slack = await startSlack();
    expect((await clientOf(slack).auth.test()).response_metadata?.scopes).toEqual(scopes);
  });
});

describe('the directory', () => {
  test('people carry their flags; a deactivated one carries little else', async () => {
    await using slack = await startSlack();
    const client = clientOf(slack);
    const { user } = await client.users.info({ user: 'U0ASK' });
    expect(user).toMatchObject({
      tz: 'Europe/Berlin',
      tz_offset: 3600,
      is_bot: false,
      is_restricted: false,
      team_id: 'T0LOOKALIKE',
    });
    expect(user?.profile?.email).toBeUndefined();
    expect((await client.users.info({ user: 'U0FOREIGN' })).user).toMatchObject({
      team_id: 'T0OTHER',
      is_stranger: true,
    });
    const gone = (await client.users.info({ user: 'U0GONE' })).user;
    expect(gone).toMatchObject({ deleted: true });
    expect(gone).not.toHaveProperty('is_restricted');
    expect(await refusal(client.users.info({ user: 'U0NOBODY' }))).toMatchObject({ error: 'user_not_found' });
    slack.amend('U0ASK', { deleted: true });
    expect((await client.users.info({ user: 'U0ASK' })).user).toMatchObject({ deleted: true });
  });

  test('lists come in pages', async () => {
    await using slack = await startSlack();
    const sizes: number[] = [];
    for await (const page of clientOf(slack).paginate('users.list', { limit: 3 }))
      sizes.push('members' in page && Array.isArray(page.members) ? page.members.length : 0);
    expect(sizes).toEqual([3, 3, 2]);
    expect(await refusal(clientOf(slack).users.list({ cursor: 'bm9uc2Vuc2U=' }))).toMatchObject({
      error: 'invalid_cursor',
    });
  });

  test('user groups: members, none of a disabled or unknown one', async () => {
    await using slack = await startSlack();
    const client = clientOf(slack);
    expect((await client.usergroups.users.list({ usergroup: 'S0LEADS' })).users).toEqual(['U0LEAD']);
    slack.amend('S0LEADS', { users: [] });
    expect((await client.usergroups.users.list({ usergroup: 'S0LEADS' })).users).toEqual([]);
    for (const usergroup of ['S0OFF', 'S0NONE'])
      expect(await refusal(client.usergroups.users.list({ usergroup }))).toMatchObject({
        error: 'no_such_subteam',
      });
    expect((await client.usergroups.list({ include_users: true })).usergroups).toMatchObject([
      { handle: 'leads', users: [] },
    ]);
  });

  test('channels show what the app may know of them', async () => {
    await using slack = await startSlack();
    const client = clientOf(slack);
    expect((await client.conversations.info({ channel: 'C0SHARED' })).channel).toMatchObject({
      is_ext_shared: true,
      is_member: true,
    });
    expect((await client.conversations.info({ channel: 'C0APART' })).channel).toMatchObject({
      is_member: false,
    });
    expect((await client.conversations.members({ channel: 'C0APPROVE' })).members).toEqual([
      'U0ASK',
      'U0BOT',
      'U0LEAD',
    ]);
    expect(await refusal(client.conversations.info({ channel: 'C0SECRET' }))).toMatchObject({
      error: 'channel_not_found',
    });
    const mine = await client.users.conversations({ types: 'public_channel,private_channel' });
    expect(mine.channels?.map(({ name }) => name)).toEqual(['approvals', 'general', 'old', 'shared']);
    const all = await client.conversations.list({ exclude_archived: true });
    expect(all.channels?.map(({ name }) => name)).toEqual(['apart', 'general', 'shared']);
  });
});

describe('writing', () => {
  test('where the app may not write, the reason is Slack’s', async () => {
    await using slack = await startSlack();
    const { chat, conversations } = clientOf(slack);
    const post = (channel: string) => refusal(chat.postMessage({ channel, text: 'x' }));
    expect(await post('C0NONE')).toMatchObject({ error: 'channel_not_found' });
    expect(await post('C0SECRET')).toMatchObject({ error: 'channel_not_found' });
    expect(await post('C0APART')).toMatchObject({ error: 'not_in_channel' });
    expect(await post('C0OLD')).toMatchObject({ error: 'is_archived' });
    expect(await post('U0ROBOT')).toMatchObject({ error: 'cannot_dm_bot' });
    expect(await refusal(conversations.open({ users: 'U0GONE' }))).toMatchObject({ error: 'user_disabled' });
    expect(await refusal(conversations.open({ users: 'U0NOBODY' }))).toMatchObject({
      error: 'user_not_found',
    });
    const whisper = chat.postEphemeral({ channel: 'C0APPROVE', user: 'U0GUEST', text: 'x' });
    expect(await refusal(whisper)).toMatchObject({ error: 'user_not_in_channel' });
  });

  test('direct messages: opened once, by either way', async () => {
    await using slack = await startSlack();
    const { chat, conversations } = clientOf(slack);
    const first = await conversations.open({ users: 'U0ASK' });
    expect(await conversations.open({ users: 'U0ASK' })).toMatchObject({
      channel: { id: first.channel?.id },
      already_open: true,
    });
    const posted = await chat.postMessage({ channel: 'U0ASK', text: 'psst' });
    expect(posted.channel).toBe(first.channel?.id);
    expect(slack.human.messages(String(posted.channel), 'U0ASK')).toMatchObject([{ text: 'psst' }]);
    expect(() => slack.human.messages(String(posted.channel), 'U0LEAD')).toThrow('does not see');
  });

  test('only the app’s own messages can be edited or deleted', async () => {
    await using slack = await startSlack();
    const { chat } = clientOf(slack);
    const { ts } = slack.human.say('U0ASK', general, 'mine');
    expect(await refusal(chat.update({ channel: general, ts, text: 'x' }))).toMatchObject({
      error: 'cant_update_message',
    });
    expect(await refusal(chat.delete({ channel: general, ts }))).toMatchObject({
      error: 'cant_delete_message',
    });
    expect(await refusal(chat.update({ channel: general, ts: '1.000001', text: 'x' }))).toMatchObject({
      error: 'message_not_found',
    });
    const own = String(
      (await chat.postMessage({ channel: general, text: 'x', blocks: card(button('a')) })).ts,
    );
    const kept = await chat.update({ channel: general, ts: own, text: 'new words' });
    expect(kept.message).toMatchObject({
      text: 'new words',
      blocks: [{ type: 'section' }, { block_id: 'decide' }],
    });
    const { permalink } = await chat.getPermalink({ channel: general, message_ts: own });
    expect(permalink).toBe(`${slack.url}/archives/${general}/p${own.replace('.', '')}`);
    await chat.delete({ channel: general, ts: own });
    slack.human.remove('U0LEAD', { channel: general, ts });
    expect(slack.human.messages(general, 'U0ASK')).toEqual([]);
  });

  test('JSON bodies are read like forms', async () => {
    await using slack = await startSlack();
    const answer = await fetch(`${slack.apiUrl}chat.postMessage`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${slack.botToken}`,
        'content-type': 'application/json; charset=utf-8',
      },
      body: JSON.stringify({ channel: general, text: 'json', blocks: [section('hi')] }),
    });
    expect(await answer.json()).toMatchObject({
      ok: true,
      message: { text: 'json', blocks: [{ type: 'section' }] },
    });
  });
});

describe('limits', () => {
  const many = <T>(count: number, make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => make(index));
  const pick = (count: number) => ({
    type: 'actions' as const,
    elements: [
      {
        type: 'static_select' as const,
        action_id: 'pick',
        options: many(count, (index) => ({
          text: { type: 'plain_text' as const, text: `${index}` },
          value: `${index}`,
        })),
      },
    ],
  });
  const header = (text: string) => ({ type: 'header' as const, text: { type: 'plain_text' as const, text } });

  test.each([
    ['50 blocks', many(50, () => ({ type: 'divider' as const })), undefined],
    [
      '51 blocks',
      many(51, () => ({ type: 'divider' as const })),
      'no more than 50 items allowed [json-pointer:/blocks]',
    ],
    ['a section of 3,000', [section('x'.repeat(3_000))], undefined],
    [
      'a section of 3,001',
      [section('x'.repeat(3_001))],
      'must be less than 3001 characters [json-pointer:/blocks/0/text/text]',
    ],
    ['an empty section', [section('')], 'must be more than 0 characters [json-pointer:/blocks/0/text/text]'],
    [
      'a header of 151',
      [header('x'.repeat(151))],
      'must be less than 151 characters [json-pointer:/blocks/0/text/text]',
    ],
    [
      'a button of 76',
      card(button('a', 'v', 'x'.repeat(76))),
      'must be less than 76 characters [json-pointer:/blocks/1/elements/0/text/text]',
    ],
    [
      'a button value of 2,001',
      card(button('a', 'x'.repeat(2_001))),
      'must be less than 2001 characters [json-pointer:/blocks/1/elements/0/value]',
    ],
    [
      '101 options',
      [pick(101)],
      'no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]',
    ],
    [
      'an action id of 256',
      card(button('x'.repeat(256))),
      'must be less than 256 characters [json-pointer:/blocks/1/elements/0/action_id]',
    ],
    [
      'one action id twice',
      card(button('a'), button('a')),
      '`action_id` already exists: a [json-pointer:/blocks/1]',
    ],
    [
      'one block id twice',
      [...card(button('a')), ...card(button('b'))],
      '`block_id` already exists: decide [json-pointer:/blocks/3/block_id]',
    ],
  ])('%s', async (_, blocks, problem) => {
    await using slack = await startSlack();
    const call = clientOf(slack).chat.postMessage({ channel: general, text: 'x', blocks });
    if (problem === undefined) expect(await call).toMatchObject({ ok: true });
    else
      expect(await refusal(call)).toMatchObject({
        error: 'invalid_blocks',
        errors: [problem],
        response_metadata: { messages: [`[ERROR] ${problem}`] },
      });
  });

  test('a message as a whole: blocks, text, metadata', async () => {
    await using slack = await startSlack();
    const { chat } = clientOf(slack);
    const post = (more: object) => refusal(chat.postMessage({ channel: general, ...more } as never));
    expect(await post({ text: 'x', blocks: many(5, () => section('x'.repeat(2_900))) })).toMatchObject({
      error: 'msg_blocks_too_long',
    });
    expect(await post({})).toMatchObject({ error: 'no_text' });
    expect(await post({ blocks: 'no json' })).toMatchObject({ error: 'invalid_blocks_format' });
    expect(await post({ text: 'x', metadata: { event_type: '' } })).toMatchObject({
      error: 'invalid_metadata_schema',
    });
    const metadata = { event_type: 'entry', event_payload: { text: 'x'.repeat(17_000) } };
    expect(await post({ text: 'x', metadata })).toMatchObject({ error: 'metadata_too_large' });
    expect(await post({ text: 'x', thread_ts: '1.000001' })).toMatchObject({ error: 'thread_not_found' });
    const long = await chat.postMessage({ channel: general, text: 'x'.repeat(40_001) });
    expect(long.message?.text).toHaveLength(40_000);
    expect(long.response_metadata?.warnings).toEqual(['message_truncated']);
    const edit = chat.update({ channel: general, ts: String(long.ts), text: 'x'.repeat(4_001) });
    expect(await refusal(edit)).toMatchObject({ error: 'msg_too_long' });
  });

  test.each([
    ['a title of 25', { title: { type: 'plain_text', text: 'x'.repeat(25) } }, '/view/title/text'],
    ['private metadata of 3,001', { private_metadata: 'x'.repeat(3_001) }, '/view/private_metadata'],
    ['101 blocks', { blocks: many(101, () => ({ type: 'divider' })) }, '/view/blocks'],
    ['inputs without a submit button', { submit: undefined }, '/view'],
  ])('a modal with %s is refused and keeps its trigger', async (_, more, pointer) => {
    await using slack = await startSlack();
    const client = clientOf(slack);
    const { ts = '' } = await client.chat.postMessage({
      channel: general,
      text: 'x',
      blocks: card(button('a')),
    });
    const trigger_id = String(slack.human.clickPayload('U0ASK', { channel: general, ts }, 'a').trigger_id);
    const bad = await refusal(client.views.open({ trigger_id, view: modal(more) }));
    expect(bad).toMatchObject({ error: 'invalid_arguments' });
    expect(JSON.stringify(bad)).toContain(`[json-pointer:${pointer}]`);
    expect(await client.views.open({ trigger_id, view: modal() })).toMatchObject({
      view: { callback_id: 'ask' },
    });
  });
});

describe('reading back', () => {
  test('history: newest first, in pages, between bounds, metadata on request', async () => {
    await using slack = await startSlack();
    const client = clientOf(slack);
    const sent: string[] = [];
    for (let seq = 1; seq <= 7; seq += 1) {
      const metadata = { event_type: 'entry', event_payload: { seq } };
      const { ts } = await client.chat.postMessage({ channel: general, text: `entry ${seq}`, metadata });
      sent.push(String(ts));
    }
    expect([...sent].sort()).toEqual(sent);
    expect(new Set(sent).size).toBe(7);
    const read: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.conversations.history({
        channel: general,
        limit: 3,
        include_all_metadata: true,
        ...(cursor ? { cursor } : {}),
      });
      for (const message of page.messages ?? []) read.push(JSON.stringify(message.metadata?.event_payload));
      cursor = page.response_metadata?.next_cursor;
      expect(page.has_more).toBe(cursor !== undefined);
      if (read.length === 3) await client.chat.postMessage({ channel: general, text: 'meanwhile' });
    } while (cursor);
    expect(read).toEqual([7, 6, 5, 4, 3, 2, 1].map((seq) => `{"seq":${seq}}`));
    const [, second = '', , fourth = ''] = sent;
    const between = await client.conversations.history({ channel: general, oldest: second, latest: fourth });
    expect(between.messages).toMatchObject([{ text: 'entry 3' }]);
    expect(between.messages?.[0]).not.toHaveProperty('metadata');
    const inclusive = await client.conversations.history({
      channel: general,
      oldest: second,
      latest: fourth,
      inclusive: true,
    });
    expect(inclusive.messages?.map(({ text }) => text)).toEqual(['entry 4', 'entry 3', 'entry 2']);
    expect(await refusal(client.conversations.history({ channel: 'C0APART' }))).toMatchObject({
      error: 'not_in_channel',
    });
  });

  test('threads: replies stay out of the history unless broadcast', async () => {
    await using slack = await startSlack();
    const { chat, conversations } = clientOf(slack);
    const parent = String((await chat.postMessage({ channel: general, text: 'card' })).ts);
    const reply = String(
      (await chat.postMessage({ channel: general, text: 'summary', thread_ts: parent })).ts,
    );
    await chat.postMessage({ channel: general, text: 'loud', thread_ts: reply, reply_broadcast: true });
    const { messages } = await conversations.history({ channel: general });
    expect(messages).toMatchObject([
      { text: 'loud', subtype: 'thread_broadcast', thread_ts: parent },
      { text: 'card', reply_count: 2, thread_ts: parent },
    ]);
    const thread = await conversations.replies({ channel: general, ts: parent });
    expect(thread.messages?.map(({ text }) => text)).toEqual(['card', 'summary', 'loud']);
  });
});

describe('outages', () => {
  test('about one message a second and channel, short bursts allowed', async () => {
    let now = 1_800_000_000_000;
    await using slack = await startSlack({ now: () => now, rateLimit: slackRate });
    const client = clientOf(slack);
    const post = (channel: string) => client.chat.postMessage({ channel, text: 'x' });
    for (let sent = 0; sent < slackRate.burst; sent += 1) await post(general);
    await expect(post(general)).rejects.toMatchObject({
      code: 'slack_webapi_rate_limited_error',
      retryAfter: 1,
    });
    await post('C0APPROVE');
    now += 1_000;
    await post(general);
    await expect(post(general)).rejects.toMatchObject({ retryAfter: 1 });
    expect(slack.counts()['chat.postMessage']).toBe(slackRate.burst + 4);
    expect(slack.calls('chat.postMessage').filter(({ error }) => error === 'ratelimited')).toHaveLength(2);
  });

  test('ordered faults hit the named calls, as often as ordered', async () => {
    await using slack = await startSlack();
    const { chat, conversations } = clientOf(slack);
    slack.inject({ method: 'chat.postMessage', error: 'internal_error', times: 1, channel: general });
    await chat.postMessage({ channel: 'C0APPROVE', text: 'x' });
    expect(await refusal(chat.postMessage({ channel: general, text: 'x' }))).toMatchObject({
      error: 'internal_error',
    });
    await chat.postMessage({ channel: general, text: 'x' });
    slack.inject({ method: '*', status: 503, times: 1 });
    await expect(chat.postMessage({ channel: general, text: 'x' })).rejects.toMatchObject({
      statusCode: 503,
    });
    slack.inject({ method: '*', retryAfter: 7, times: 1 });
    await expect(chat.postMessage({ channel: general, text: 'x' })).rejects.toMatchObject({ retryAfter: 7 });
    slack.inject({ method: 'conversations.open', error: 'user_not_visible', user: 'U0LEAD' });
    expect(await refusal(conversations.open({ users: 'U0LEAD' }))).toMatchObject({
      error: 'user_not_visible',
    });
    expect(await conversations.open({ users: 'U0ASK' })).toMatchObject({ ok: true });
  });

  test('an answer can be lost after the message was posted', async () => {
    await using slack = await startSlack();
    slack.inject({ method: 'chat.postMessage', drop: 'answer', times: 1 });
    const call = clientOf(slack).chat.postMessage({ channel: general, text: 'twice?' });
    await expect(call).rejects.toMatchObject({ code: 'slack_webapi_request_error' });
    expect(slack.human.messages(general, 'U0ASK')).toMatchObject([{ text: 'twice?' }]);
  });

  test('a hanging call goes on when let go', async () => {
    await using slack = await startSlack();
    slack.inject({ method: 'auth.test', hang: true });
    const impatient = clientOf(slack, slack.botToken, { timeout: 50 });
    await expect(impatient.auth.test()).rejects.toMatchObject({ code: 'slack_webapi_request_error' });
    const patient = clientOf(slack).auth.test();
    slack.clearFaults();
    expect(await patient).toMatchObject({ ok: true });
  });

  test('down means down, and up again means up', async () => {
    await using slack = await startSlack();
    slack.down(true);
    await expect(clientOf(slack).auth.test()).rejects.toMatchObject({ code: 'slack_webapi_request_error' });
    expect(await slack.human.command('U0ASK', general, '/x')).toMatchObject({ error: 'dispatch_failed' });
    slack.down(false);
    expect(await clientOf(slack).auth.test()).toMatchObject({ ok: true });
  });
});
