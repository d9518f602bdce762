/** A look-alike with a small workspace, and real Bolt apps on it, over HTTP or Socket Mode. */
import type { AddressInfo } from 'node:net';
import { App, HTTPReceiver, type Logger, LogLevel, SocketModeReceiver } from '@slack/bolt';
import { WebClient, type WebClientOptions } from '@slack/web-api';
import type { LookalikeOptions, SlackLookalike } from '../../../src/playground/slack/contract.ts';
import { startSlackLookalike } from '../../../src/playground/slack/lookalike.ts';
import type { Seed } from '../../../src/playground/slack/seed.ts';

export const seed: Seed = {
  people: [
    {
      id: 'U0ASK',
      name: 'ada',
      real_name: 'Ada Asker',
      email: 'ada@example.com',
      tz: 'Europe/Berlin',
      tz_offset: 3600,
    },
    { id: 'U0LEAD', name: 'lea', real_name: 'Lea Lead', is_admin: true },
    { id: 'U0GONE', name: 'gone', deleted: true },
    { id: 'U0GUEST', name: 'guest', is_ultra_restricted: true },
    { id: 'U0FOREIGN', name: 'foreign', team_id: 'T0OTHER', is_stranger: true },
    { id: 'U0ROBOT', name: 'robot', is_bot: true },
  ],
  channels: [
    { id: 'C0GENERAL', name: 'general' },
    { id: 'C0APPROVE', name: 'approvals', is_private: true, members: ['U0ASK', 'U0LEAD'] },
    { id: 'C0SECRET', name: 'secret', is_private: true, is_member: false, members: ['U0LEAD'] },
    { id: 'C0APART', name: 'apart', is_member: false },
    { id: 'C0OLD', name: 'old', is_archived: true },
    { id: 'C0SHARED', name: 'shared', is_ext_shared: true, members: ['U0ASK', 'U0FOREIGN'] },
  ],
  usergroups: [
    { id: 'S0LEADS', handle: 'leads', users: ['U0LEAD'] },
    { id: 'S0OFF', handle: 'off', disabled: true },
  ],
};

export const scopes = [
  'chat:write',
  'commands',
  'users:read',
  'usergroups:read',
  'im:write',
  'channels:read',
  'groups:read',
  'channels:history',
  'groups:history',
  'im:history',
];

export const manifestWith = (bot: readonly string[] = scopes) => ({
  oauth_config: { scopes: { bot: [...bot] } },
});

export function startSlack(options: Partial<LookalikeOptions> = {}): Promise<SlackLookalike> {
  return startSlackLookalike({ seed, manifest: manifestWith(), ackTimeoutMs: 2_000, ...options });
}

/** Refusals and cuts are what these tests are about: none of them is worth a line. */
const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  setLevel: () => {},
  setName: () => {},
  getLevel: () => LogLevel.ERROR,
};

/** One try, no patience: a refusal or an outage shows at once. */
const impatient: WebClientOptions = {
  retryConfig: { retries: 0 },
  rejectRateLimitedCalls: true,
  logger: silent,
};

export function clientOf(
  slack: SlackLookalike,
  token = slack.botToken,
  more: WebClientOptions = {},
): WebClient {
  return new WebClient(token, { ...impatient, slackApiUrl: slack.apiUrl, ...more });
}

export type RunningApp = AsyncDisposable & { readonly app: App };

/** A Bolt app behind signed HTTP, known to the look-alike by its request URL. */
export async function httpApp(slack: SlackLookalike, listen: (app: App) => void): Promise<RunningApp> {
  const receiver = new HTTPReceiver({ signingSecret: slack.signingSecret, logger: silent });
  const app = new App({
    token: slack.botToken,
    receiver,
    logger: silent,
    clientOptions: { ...impatient, slackApiUrl: slack.apiUrl },
  });
  listen(app);
  const server = await receiver.start(0);
  slack.setRequestUrl(`http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`);
  return {
    app,
    [Symbol.asyncDispose]: async () => {
      await receiver.stop();
    },
  };
}

/** A Bolt app in Socket Mode. */
export async function socketApp(slack: SlackLookalike, listen: (app: App) => void): Promise<RunningApp> {
  const receiver = new SocketModeReceiver({
    appToken: slack.appToken,
    logger: silent,
    clientPingTimeout: 200,
    installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl } },
  });
  const app = new App({
    token: slack.botToken,
    receiver,
    logger: silent,
    clientOptions: { ...impatient, slackApiUrl: slack.apiUrl },
  });
  listen(app);
  await app.start();
  return {
    app,
    [Symbol.asyncDispose]: async () => {
      await app.stop();
    },
  };
}

/** The code of the refusal that a call ends in, with the rest of the answer. */
export async function refusal(call: Promise<unknown>): Promise<{ error: string; [key: string]: unknown }> {
  try {
    await call;
  } catch (error) {
    const data = error instanceof Error && 'data' in error ? error.data : undefined;
    if (typeof data === 'object' && data !== null && 'error' in data)
      return { ...data, error: String(data.error) };
    throw error;
  }
  throw new Error('the call was not refused');
}

export const section = (text: string) => ({
  type: 'section' as const,
  text: { type: 'mrkdwn' as const, text },
});

export const button = (action_id: string, value = 'acc_1', label = 'Approve') => ({
  type: 'button' as const,
  text: { type: 'plain_text' as const, text: label },
  action_id,
  value,
});

export const card = (...buttons: ReturnType<typeof button>[]) => [
  section('May Ada have production?'),
  { type: 'actions' as const, block_id: 'decide', elements: buttons },
];

export const modal = (more: object = {}) => ({
  type: 'modal' as const,
  callback_id: 'ask',
  private_metadata: 'acc_1',
  title: { type: 'plain_text' as const, text: 'Ask' },
  submit: { type: 'plain_text' as const, text: 'Ask' },
  blocks: [
    {
      type: 'input' as const,
      block_id: 'reason',
      label: { type: 'plain_text' as const, text: 'Reason' },
      element: { type: 'plain_text_input' as const, action_id: 'text', min_length: 3 },
    },
    {
      type: 'input' as const,
      block_id: 'target',
      label: { type: 'plain_text' as const, text: 'Target' },
      element: {
        type: 'static_select' as const,
        action_id: 'name',
        options: ['payments-db', 'orders-db'].map((value) => ({
          text: { type: 'plain_text' as const, text: value },
          value,
        })),
      },
    },
  ],
  ...more,
});
