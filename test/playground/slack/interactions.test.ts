import { describe, expect, test } from 'vitest';
import {
  button,
  card,
  clientOf,
  httpApp,
  modal,
  refusal,
  section,
  socketApp,
  startSlack,
} from './support.ts';

const general = 'C0GENERAL';
const answers = { reason: 'checkout fails', target: 'payments-db' };

describe.each([
  ['signed HTTP', httpApp],
  ['Socket Mode', socketApp],
])('over %s', (_, start) => {
  test('a command opens a modal; its submission is refused, then accepted', async () => {
    await using slack = await startSlack();
    const seen: unknown[] = [];
    await using _app = await start(slack, (app) => {
      app.command('/prod-access', async ({ ack, body, client }) => {
        seen.push([body.text, body.user_id, body.channel_name]);
        await ack();
        await client.views.open({ trigger_id: body.trigger_id, view: modal() });
      });
      app.view('ask', async ({ ack, view, body }) => {
        seen.push([view.private_metadata, view.state.values.reason?.text?.value, body.user.id]);
        if (view.state.values.target?.name?.selected_option?.value === 'orders-db')
          await ack({ response_action: 'errors', errors: { target: 'not this one' } });
        else await ack();
      });
    });
    expect(await slack.human.command('U0ASK', general, '/prod-access', 'hello')).toEqual({
      outcome: 'acknowledged',
    });
    const view = await slack.waitFor(() => slack.human.openView('U0ASK'));
    expect(
      await slack.human.submitView('U0ASK', view.id, { reason: 'no', target: 'orders-db' }),
    ).toMatchObject({
      outcome: 'incomplete',
      errors: { reason: expect.stringContaining('3 characters') },
    });
    expect(await slack.human.submitView('U0ASK', view.id, { ...answers, target: 'orders-db' })).toEqual({
      outcome: 'errors',
      errors: { target: 'not this one' },
    });
    expect(slack.human.openView('U0ASK')?.id).toBe(view.id);
    expect(await slack.human.submitView('U0ASK', view.id, answers)).toEqual({ outcome: 'closed' });
    expect(slack.human.openView('U0ASK')).toBeUndefined();
    expect(seen).toEqual([
      ['hello', 'U0ASK', 'general'],
      ['acc_1', 'checkout fails', 'U0ASK'],
      ['acc_1', 'checkout fails', 'U0ASK'],
    ]);
  });

  test('a click updates the card and answers the clicker alone', async () => {
    await using slack = await startSlack();
    await using running = await start(slack, (app) => {
      app.action('approve', async ({ ack, action, body, client, respond }) => {
        await ack();
        if (action.type !== 'button' || body.type !== 'block_actions') return;
        const { channel, message } = body;
        if (!channel || !message) return;
        await client.chat.update({
          channel: channel.id,
          ts: message.ts,
          text: `done ${action.value}`,
          blocks: [],
        });
        await respond({ text: 'thank you' });
      });
    });
    const posted = await running.app.client.chat.postMessage({
      channel: general,
      text: 'asked',
      blocks: card(button('approve'), button('deny')),
    });
    const place = { channel: general, ts: String(posted.ts) };
    expect(await slack.human.click('U0LEAD', place, 'approve')).toEqual({ outcome: 'acknowledged' });
    const thanks = await slack.waitFor(() =>
      slack.human.messages(general, 'U0LEAD').find((m) => m.is_ephemeral),
    );
    expect(thanks).toMatchObject({ text: 'thank you', to: 'U0LEAD' });
    const [seen, ...rest] = slack.human.messages(general, 'U0ASK');
    expect(seen).toMatchObject({
      text: 'done acc_1',
      ts: place.ts,
      bot_id: 'B0LOOKALIKE',
      edited: { user: 'U0BOT' },
    });
    expect(seen?.blocks).toBeUndefined();
    expect(rest).toEqual([]);
  });

  test('an acknowledgement may carry an ephemeral answer, one for the channel, or a modal', async () => {
    await using slack = await startSlack();
    await using _app = await start(slack, (app) => {
      app.command('/quiet', async ({ ack }) => ack('only you'));
      app.command('/loud', async ({ ack }) => ack({ response_type: 'in_channel', text: 'all of you' }));
      app.command('/wrong', async ({ ack }) => ack({ blocks: [section('')] }));
      app.command('/modal', async ({ ack, body, client }) => {
        await ack();
        await client.views.open({ trigger_id: body.trigger_id, view: modal({ notify_on_close: true }) });
      });
      app.view('ask', async ({ ack, view }) => {
        const next = view.state.values.reason?.text?.value === 'push' ? 'push' : 'update';
        await ack({ response_action: next, view: modal({ callback_id: 'second' }) });
      });
      app.view('second', async ({ ack }) => ack({ response_action: 'clear' }));
    });
    await slack.human.command('U0ASK', general, '/quiet');
    await slack.human.command('U0ASK', general, '/loud');
    expect(await slack.human.command('U0ASK', general, '/wrong')).toMatchObject({
      error: 'invalid_command_response',
    });
    expect(slack.human.messages(general, 'U0ASK').map((m) => m.text)).toEqual([
      'only you',
      '/loud',
      'all of you',
      '/wrong failed with the error "invalid_command_response"',
    ]);
    expect(slack.human.messages(general, 'U0LEAD').map((m) => m.text)).toEqual(['/loud', 'all of you']);

    await slack.human.command('U0ASK', general, '/modal');
    const first = await slack.waitFor(() => slack.human.openView('U0ASK'));
    const pushed = await slack.human.submitView('U0ASK', first.id, { ...answers, reason: 'push' });
    const second = slack.human.openView('U0ASK');
    expect(pushed).toMatchObject({ outcome: 'pushed', view: { id: second?.id, previous_view_id: first.id } });
    expect(await slack.human.submitView('U0ASK', String(second?.id), answers)).toEqual({
      outcome: 'cleared',
    });
    expect(slack.human.openView('U0ASK')).toBeUndefined();
  });

  test('an app that does not answer in time shows as operation_timeout', async () => {
    await using slack = await startSlack({ ackTimeoutMs: 50 });
    await using running = await start(slack, (app) => {
      app.command('/slow', async () => {});
      app.action('approve', async () => {});
    });
    const outcome = await slack.human.command('U0ASK', general, '/slow');
    expect(outcome).toEqual({
      outcome: 'failed',
      error: 'operation_timeout',
      shown: '/slow failed with the error "operation_timeout"',
    });
    expect(slack.human.messages(general, 'U0ASK')).toMatchObject([
      { user: 'USLACKBOT', is_ephemeral: true, text: '/slow failed with the error "operation_timeout"' },
    ]);
    const { ts } = await running.app.client.chat.postMessage({
      channel: general,
      text: 'x',
      blocks: card(button('approve')),
    });
    const place = { channel: general, ts: String(ts) };
    expect(await slack.human.click('U0LEAD', place, 'approve')).toMatchObject({ error: 'operation_timeout' });
  });

  test('closing a modal is told where the view asked for it', async () => {
    await using slack = await startSlack();
    const closed: boolean[] = [];
    await using _app = await start(slack, (app) => {
      app.command('/modal', async ({ ack, body, client }) => {
        await ack();
        await client.views.open({
          trigger_id: body.trigger_id,
          view: modal({ notify_on_close: body.text === 'tell' }),
        });
      });
      app.view({ callback_id: 'ask', type: 'view_closed' }, async ({ ack, body }) => {
        if (body.type === 'view_closed') closed.push(body.is_cleared);
        await ack();
      });
    });
    for (const text of ['', 'tell']) {
      await slack.human.command('U0ASK', general, '/modal', text);
      const view = await slack.waitFor(() => slack.human.openView('U0ASK'));
      await slack.human.closeView('U0ASK', view.id);
    }
    expect(closed).toEqual([false]);
  });

  test('menus inside a modal: a choice is told, an external menu is filled by the app', async () => {
    await using slack = await startSlack();
    const chosen: unknown[] = [];
    const menu = { type: 'external_select' as const, action_id: 'find', min_query_length: 1 };
    await using _app = await start(slack, (app) => {
      app.command('/modal', async ({ ack, body, client }) => {
        await ack();
        const actions = { type: 'actions' as const, block_id: 'search', elements: [menu] };
        await client.views.open({ trigger_id: body.trigger_id, view: modal({ blocks: [actions] }) });
      });
      app.options('find', async ({ ack, payload }) =>
        ack({ options: [{ text: { type: 'plain_text', text: `${payload.value}!` }, value: payload.value }] }),
      );
      app.action('find', async ({ ack, action, body, client }) => {
        await ack();
        if (action.type !== 'external_select' || body.type !== 'block_actions' || !body.view) return;
        chosen.push(action.selected_option?.value);
        await client.views.update({
          view_id: body.view.id,
          hash: body.view.hash,
          view: modal({ callback_id: 'next' }),
        });
      });
    });
    await slack.human.command('U0ASK', general, '/modal');
    const view = await slack.waitFor(() => slack.human.openView('U0ASK'));
    const offered = await slack.human.suggest('U0ASK', { view: view.id }, 'find', 'pay');
    expect(offered).toEqual({ options: [{ text: { type: 'plain_text', text: 'pay!' }, value: 'pay' }] });
    await slack.human.clickInView('U0ASK', view.id, 'find', 'pay');
    await slack.waitFor(() => slack.human.openView('U0ASK')?.callback_id === 'next');
    expect(chosen).toEqual(['pay']);
    const stale = clientOf(slack).views.update({ view_id: view.id, hash: view.hash, view: modal() });
    expect(await refusal(stale)).toMatchObject({ error: 'hash_conflict' });
  });
});

test('nobody listening shows as dispatch_failed, a refusing app by its status', async () => {
  await using slack = await startSlack();
  expect(await slack.human.command('U0ASK', general, '/x')).toMatchObject({ error: 'dispatch_failed' });
  slack.setRequestUrl('http://127.0.0.1:1/slack/events');
  expect(await slack.human.command('U0ASK', general, '/x')).toMatchObject({ error: 'dispatch_failed' });
  slack.setRequestUrl(`${slack.url}/nothing-here`);
  expect(await slack.human.command('U0ASK', general, '/x')).toMatchObject({ error: 'http_client_error' });
});

test('a trigger opens one modal within three seconds', async () => {
  let now = Date.now();
  await using slack = await startSlack({ now: () => now });
  const client = clientOf(slack);
  const trigger = () =>
    String(slack.human.clickPayload('U0ASK', { channel: general, ts }, 'approve').trigger_id);
  const { ts = '' } = await client.chat.postMessage({
    channel: general,
    text: 'x',
    blocks: card(button('approve')),
  });

  const used = trigger();
  await client.views.open({ trigger_id: used, view: modal() });
  expect(await refusal(client.views.open({ trigger_id: used, view: modal() }))).toMatchObject({
    error: 'exchanged_trigger_id',
  });
  const late = trigger();
  now += 3_001;
  expect(await refusal(client.views.open({ trigger_id: late, view: modal() }))).toMatchObject({
    error: 'expired_trigger_id',
  });
  expect(await refusal(client.views.open({ trigger_id: '1.2.x', view: modal() }))).toMatchObject({
    error: 'invalid_trigger_id',
  });

  for (const depth of [2, 3]) {
    await client.views.push({
      trigger_id: trigger(),
      view: modal({ callback_id: `level-${depth}` }),
    });
  }
  expect(await refusal(client.views.push({ trigger_id: trigger(), view: modal() }))).toMatchObject({
    error: 'push_limit_reached',
  });
});

test('a response URL answers five times in half an hour', async () => {
  let now = Date.now();
  await using slack = await startSlack({ now: () => now });
  const client = clientOf(slack);
  const { ts = '' } = await client.chat.postMessage({
    channel: general,
    text: 'card',
    blocks: card(button('approve')),
  });
  const fresh = () =>
    String(slack.human.clickPayload('U0LEAD', { channel: general, ts }, 'approve').response_url);
  const send = async (url: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: answer.status, ...((await answer.json()) as object) };
  };
  const url = fresh();
  for (const count of [1, 2, 3, 4, 5])
    expect(await send(url, { text: `${count}` })).toEqual({ status: 200, ok: true });
  expect(await send(url, { text: '6' })).toEqual({ status: 404, ok: false, error: 'used_url' });
  expect(slack.human.messages(general, 'U0LEAD')).toHaveLength(6);
  expect(slack.human.messages(general, 'U0ASK')).toHaveLength(1);

  await send(fresh(), { replace_original: true, text: 'replaced' });
  expect(slack.human.messages(general, 'U0ASK')).toMatchObject([{ ts, text: 'replaced' }]);
  expect(slack.human.messages(general, 'U0ASK')[0]?.blocks).toBeUndefined();
  await client.chat.update({ channel: general, ts, text: 'card', blocks: card(button('approve')) });
  expect(await send(fresh(), { text: 'x', blocks: [section('y'.repeat(3_001))] })).toMatchObject({
    status: 400,
    error: 'invalid_blocks',
  });
  const old = fresh();
  now += 30 * 60_000 + 1;
  expect(await send(old, { text: 'late' })).toMatchObject({ status: 404, error: 'expired_url' });
  await send(fresh(), { delete_original: true });
  expect(slack.human.messages(general, 'U0ASK')).toEqual([]);
});

test('an ephemeral message can be clicked, and replaced through its response URL only', async () => {
  await using slack = await startSlack();
  await using running = await httpApp(slack, (app) => {
    app.action('hide', async ({ ack, respond, body }) => {
      expect('message' in body).toBe(false);
      await ack();
      await respond({ delete_original: true });
    });
  });
  const { client } = running.app;
  const { message_ts = '' } = await client.chat.postEphemeral({
    channel: general,
    user: 'U0ASK',
    text: 'psst',
    blocks: card(button('hide')),
  });
  const edit = client.chat.update({ channel: general, ts: message_ts, text: 'no' });
  expect(await refusal(edit)).toMatchObject({ error: 'message_not_found' });
  expect((await client.conversations.history({ channel: general })).messages).toEqual([]);
  expect(() => slack.human.clickPayload('U0LEAD', { channel: general, ts: message_ts }, 'hide')).toThrow(
    'sees no message',
  );
  await slack.human.click('U0ASK', { channel: general, ts: message_ts }, 'hide');
  await slack.waitFor(() => slack.human.messages(general, 'U0ASK').length === 0);
});
