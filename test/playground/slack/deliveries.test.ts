import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { button, card, clientOf, httpApp, seed, socketApp, startSlack } from './support.ts';

const general = 'C0GENERAL';
const seconds = () => Math.floor(Date.now() / 1000);

test('Bolt takes our signature and refuses forged and old ones', async () => {
  await using slack = await startSlack();
  const seen: string[] = [];
  await using _app = await httpApp(slack, (app) => {
    app.command('/x', async ({ ack, body }) => {
      seen.push(body.text);
      await ack();
    });
  });
  expect(await slack.human.command('U0ASK', general, '/x', 'real')).toEqual({ outcome: 'acknowledged' });
  const captured = slack.lastDelivery();
  if (!captured) throw new Error('nothing was delivered');
  expect(captured.headers['x-slack-signature']).toMatch(/^v0=[0-9a-f]{64}$/);
  const { body } = captured;
  expect(await slack.deliverRaw('command', body)).toMatchObject({ status: 200 });
  expect(await slack.deliverRaw('command', body, { secret: 'another' })).toMatchObject({ status: 401 });
  expect(await slack.deliverRaw('command', body, { signature: `v0=${'0'.repeat(64)}` })).toMatchObject({
    status: 401,
  });
  expect(await slack.deliverRaw('command', body, { timestamp: seconds() - 360 })).toMatchObject({
    status: 401,
  });
  // Bolt 5.1 has neither an upper bound nor a replay cache: whoever needs them brings their own.
  expect(await slack.deliverRaw('command', body, { timestamp: seconds() + 360 })).toMatchObject({
    status: 200,
  });
  expect(await slack.replay(captured)).toMatchObject({ status: 200 });
  expect(slack.lastDelivery()).toEqual(captured);
  expect(seen).toEqual(['real', 'real', 'real', 'real']);
});

test('a click can be bent before it is sent', async () => {
  await using slack = await startSlack();
  const seen: unknown[] = [];
  await using _app = await httpApp(slack, (app) => {
    app.action('approve', async ({ ack, body }) => {
      if (body.type === 'block_actions') seen.push([body.channel?.id, body.user.id, body.user.team_id]);
      await ack();
    });
  });
  const { ts = '' } = await clientOf(slack).chat.postMessage({
    channel: general,
    text: 'x',
    blocks: card(button('approve')),
  });
  const click = slack.human.clickPayload('U0ASK', { channel: general, ts }, 'approve');
  expect(click).toMatchObject({
    type: 'block_actions',
    api_app_id: 'A0LOOKALIKE',
    team: { id: 'T0LOOKALIKE' },
    container: { type: 'message', message_ts: ts, channel_id: general, is_ephemeral: false },
    message: { ts, blocks: [{ type: 'section' }, { block_id: 'decide' }] },
    actions: [{ type: 'button', block_id: 'decide', action_id: 'approve', value: 'acc_1' }],
  });
  await slack.deliverRaw('interactive', { ...click, channel: { id: 'C0OTHER', name: 'other' } });
  await slack.deliverRaw('interactive', {
    ...click,
    user: { id: 'U0FOREIGN', username: 'foreign', team_id: 'T0OTHER' },
  });
  expect(seen).toEqual([
    ['C0OTHER', 'U0ASK', 'T0LOOKALIKE'],
    [general, 'U0FOREIGN', 'T0OTHER'],
  ]);
});

test('people do only what Slack’s client lets them do', async () => {
  await using slack = await startSlack({
    manifest: {
      oauth_config: { scopes: { bot: ['chat:write'] } },
      features: { slash_commands: [{ command: '/known' }] },
    },
  });
  const { human } = slack;
  expect(await human.command('U0ASK', general, '/unknown')).toMatchObject({ error: 'invalid_command' });
  await expect(human.command('U0GONE', general, '/known')).rejects.toThrow('deactivated');
  await expect(human.command('U0ASK', 'C0SECRET', '/known')).rejects.toThrow('does not see');
  await expect(human.command('U0GUEST', 'C0APART', '/known')).rejects.toThrow('does not see');
  await expect(human.submitView('U0ASK', 'V1', {})).rejects.toThrow('in front of them');
  const { ts = '' } = await clientOf(slack).chat.postMessage({
    channel: general,
    text: 'x',
    blocks: card(button('a')),
  });
  await expect(human.click('U0ASK', { channel: general, ts }, 'b')).rejects.toThrow('nothing called b');
});

test('Socket Mode: the app reconnects when asked to and after a cut', async () => {
  await using slack = await startSlack();
  await using _app = await socketApp(slack, (app) => {
    app.command('/x', async ({ ack }) => ack('here'));
  });
  for (const how of ['ask', 'cut'] as const) {
    let gone = false;
    const stop = slack.onChange((change) => {
      if (change.kind === 'socket' && change.what === 'disconnected') gone = true;
    });
    slack.disconnectSockets(how);
    await slack.waitFor(() => gone && slack.sockets() === 1);
    stop();
    expect(await slack.human.command('U0ASK', general, '/x')).toEqual({ outcome: 'acknowledged' });
    const captured = slack.lastDelivery();
    expect(captured).toMatchObject({ kind: 'command', via: 'socket' });
    expect(captured && (await slack.replay(captured))).toMatchObject({ status: 200 });
  }
  expect(slack.counts()['apps.connections.open']).toBe(3);
});

test('the human’s side and the strings behind it over HTTP, from a process of its own', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'lookalike-'));
  const seedPath = join(dir, 'seed.json');
  await writeFile(seedPath, JSON.stringify(seed));
  const main = new URL('../../../src/playground/slack/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [main, '--seed', seedPath], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  try {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const { url, ...tokens } = JSON.parse(line) as Record<string, string>;
    expect(Object.keys(tokens).join()).toBe('apiUrl,botToken,appToken,signingSecret,clientId,clientSecret');
    const ask = async (method: string, path: string, body?: object, headers = {}) => {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers,
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      return { status: answer.status, body: (await answer.json()) as unknown };
    };
    const events = await fetch(`${url}/_human/events`);
    const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toContain('listening');
    const said = { user: 'U0ASK', channel: general, text: 'hello' };
    expect(await ask('POST', '/_human/say', said)).toMatchObject({ status: 200, body: { text: 'hello' } });
    expect((await reader?.read())?.value).toContain('"what":"posted","channel":"C0GENERAL"');
    await reader?.cancel();
    expect(await ask('GET', `/_human/messages?user=U0LEAD&channel=${general}`)).toMatchObject({
      body: [{ text: 'hello' }],
    });
    expect(await ask('GET', '/_human/view?user=U0ASK')).toEqual({ status: 200, body: null });
    const typed = { user: 'U0ASK', channel: general, command: '/x' };
    expect(await ask('POST', '/_human/command', typed)).toMatchObject({ body: { error: 'dispatch_failed' } });
    expect(await ask('POST', '/_human/command', { user: 'U0ASK' })).toMatchObject({ status: 400 });
    expect(await ask('POST', '/_human/say', { ...said, user: 'U0GONE' })).toMatchObject({ status: 409 });
    expect(await ask('POST', '/_human/say', said, { origin: 'http://evil.example' })).toMatchObject({
      status: 403,
    });
    await ask('POST', '/_control/amend', { id: 'U0LEAD', patch: { deleted: true } });
    expect(await ask('GET', `/_human/messages?user=U0LEAD&channel=${general}`)).toMatchObject({
      status: 409,
    });
    await ask('POST', '/_control/inject', { method: 'auth.test', error: 'internal_error' });
    const headers = { authorization: `Bearer ${tokens.botToken}` };
    expect(await ask('POST', '/api/auth.test', undefined, headers)).toMatchObject({
      body: { error: 'internal_error' },
    });
    expect(await ask('GET', '/_control/counts')).toEqual({ status: 200, body: { 'auth.test': 1 } });
  } finally {
    child.kill('SIGTERM');
    await exited;
    await rm(dir, { recursive: true });
  }
});
