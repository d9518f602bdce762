/**
 * Slack comes in here: parse, call one flow, ack, show. What was committed before the ack survives a crash; a request
 * that was seen before does nothing.
 */

import type { AllMiddlewareArgs } from '@slack/bolt';
import { App, HTTPReceiver, type Receiver, SocketModeReceiver } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import { isAccessId } from '../../domain/ids.ts';
import type { Person } from '../../domain/people.ts';
import { isRefused } from '../../domain/refusal.ts';
import { castVote } from '../../flow/cast-vote.ts';
import type { Flow } from '../../flow/deps.ts';
import { openRequest } from '../../flow/open-request.ts';
import { approveAction, denyAction } from '../../words/card.ts';
import { refusalWords } from '../../words/refusals.ts';
import { offered, runCommand } from './commands.ts';
import { askCallback, askModal, denyCallback, denyModal, formErrors } from './modals.ts';
import { clickPayload, commandPayload, denyContext, viewPayload } from './payloads.ts';
import { reply, troubleReply } from './replies.ts';

export type SlackDoorDeps = {
  readonly flow: Flow;
  readonly client: WebClient;
  readonly team: () => Promise<string>;
  /** True the first time that a token is seen. */
  readonly once: (token: string) => Promise<boolean>;
  readonly receiver: Receiver;
  readonly token: string;
};

/** Registers everything that people can do in Slack. Does not start the receiver. */
export async function openSlackDoor(deps: SlackDoorDeps): Promise<App> {
  const { flow, client } = deps;
  const app = new App({
    receiver: deps.receiver,
    // Bolt's own check of the token ends the process while Slack is away.
    tokenVerificationEnabled: false,
    authorize: async () => ({ botToken: deps.token }),
    deferInitialization: true,
  });
  app.error(async (error) => flow.log.error({ err: error }, 'a Slack request failed'));
  app.use((args) => refuseReplays(deps, args));

  app.command(/.*/, async ({ command, ack }) => {
    const { user_id, user_name, team_id, text, trigger_id } = commandPayload.parse(command);
    const person: Person = { id: user_id, name: user_name };
    await answering(flow, ack, async () => {
      if (team_id !== (await deps.team()))
        return reply(refusalWords({ code: 'ineligible', why: 'other-team' }));
      if (text.trim() !== '') return runCommand(flow, person, text);
      const names = await offered(flow, person);
      if (names.length === 0) return reply(refusalWords({ code: 'no-such-target', target: '', offered: [] }));
      await client.views.open({ trigger_id, view: askModal(flow.policy.current(), names) as never });
      return undefined;
    });
  });

  app.view(askCallback, async ({ body, ack }) => {
    const { user, team, view } = viewPayload.parse(body);
    const field = (name: string): string | undefined => view.state.values[name]?.value?.value ?? undefined;
    const target = view.state.values.target?.value?.selected_option?.value ?? '';
    const duration = field('duration')?.trim();
    const ticket = field('ticket')?.trim();
    await submitting(flow, ack, 'target', async () => {
      if (team?.id !== (await deps.team())) return formErrors({ code: 'ineligible', why: 'other-team' });
      const outcome = await openRequest(flow, {
        requester: { id: user.id, name: user.name ?? user.id },
        ask: {
          target,
          reason: field('reason') ?? '',
          ...(duration === undefined || duration === '' ? {} : { duration }),
          ...(ticket === undefined || ticket === '' ? {} : { ticket }),
        },
      });
      return isRefused(outcome) ? formErrors(outcome.refused) : undefined;
    });
  });

  app.action(approveAction, async ({ body, ack }) => {
    const click = clickPayload.parse(body);
    const outcome = await vote(deps, click, 'approve');
    await ack();
    if (outcome !== undefined) await whisper(deps, click, outcome);
  });

  app.action(denyAction, async ({ body, ack }) => {
    const click = clickPayload.parse(body);
    const access = click.actions[0]?.value ?? '';
    const { channel_id: channel = '', message_ts: ts = '' } = click.container;
    await client.views.open({
      trigger_id: click.trigger_id,
      view: denyModal({ access, channel, ts }) as never,
    });
    await ack();
  });

  app.view(denyCallback, async ({ body, ack }) => {
    const { user, team, view } = viewPayload.parse(body);
    await submitting(flow, ack, 'reason', async () => {
      const { access, channel, ts } = denyContext.parse(JSON.parse(view.private_metadata));
      if (team?.id !== (await deps.team()))
        return formErrors({ code: 'ineligible', why: 'other-team' }, 'reason');
      if (!isAccessId(access)) return formErrors({ code: 'stale-card' }, 'reason');
      const reason = view.state.values.reason?.value?.value ?? '';
      const voter = { id: user.id, name: user.name ?? user.id };
      const outcome = await castVote(flow, { access, voter, answer: 'deny', reason, card: { channel, ts } });
      return isRefused(outcome)
        ? {
            response_action: 'errors' as const,
            errors: { reason: formErrors(outcome.refused, 'reason').errors.reason ?? '' },
          }
        : undefined;
    });
  });

  await app.init();
  return app;
}

export function httpReceiver(signingSecret: string): HTTPReceiver {
  return new HTTPReceiver({
    signingSecret,
    endpoints: '/slack/events',
    customPropertiesExtractor: ({ headers }) => ({ onceToken: String(headers['x-slack-signature']) }),
  });
}

export function socketReceiver(appToken: string, apiUrl: string): SocketModeReceiver {
  return new SocketModeReceiver({
    appToken,
    installerOptions: { clientOptions: { slackApiUrl: apiUrl } },
    customPropertiesExtractor: ({ envelope_id }: { envelope_id?: string }) => ({
      onceToken: String(envelope_id),
    }),
  } as never);
}

/** A captured request can be sent again for five minutes: it is taken in once. */
async function refuseReplays(
  { once, flow }: SlackDoorDeps,
  { context, next }: AllMiddlewareArgs,
): Promise<void> {
  const token = context.onceToken;
  if (typeof token === 'string' && !(await once(token))) {
    flow.log.warn('a Slack request that was seen before was refused');
    return;
  }
  await next();
}

async function vote(
  deps: SlackDoorDeps,
  click: ReturnType<typeof clickPayload.parse>,
  answer: 'approve' | 'deny',
): Promise<string | undefined> {
  const { flow } = deps;
  const access = click.actions[0]?.value ?? '';
  const { channel_id: channel = '', message_ts: ts = '' } = click.container;
  try {
    if (click.team?.id !== (await deps.team()))
      return refusalWords({ code: 'ineligible', why: 'other-team' });
    if (!isAccessId(access)) return refusalWords({ code: 'stale-card' });
    const voter = { id: click.user.id, name: click.user.name ?? click.user.username ?? click.user.id };
    const outcome = await castVote(flow, { access, voter, answer, card: { channel, ts } });
    return isRefused(outcome) ? refusalWords(outcome.refused) : undefined;
  } catch (error) {
    flow.log.error({ access, err: error }, 'a vote failed');
    return troubleReply.text;
  }
}

/** Shows words to the one who clicked, and to nobody else. */
async function whisper(
  { client, flow }: SlackDoorDeps,
  click: ReturnType<typeof clickPayload.parse>,
  text: string,
): Promise<void> {
  const channel = click.container.channel_id;
  if (channel === undefined) return;
  await client.chat
    .postEphemeral({ channel, user: click.user.id, text })
    .catch((error: unknown) => flow.log.warn({ err: error }, 'could not answer a click'));
}

async function answering(
  flow: Flow,
  ack: (answer?: never) => Promise<void>,
  work: () => Promise<unknown>,
): Promise<void> {
  let answer: unknown;
  try {
    answer = await work();
  } catch (error) {
    flow.log.error({ err: error }, 'a command failed');
    answer = troubleReply;
  }
  await ack(answer as never);
}

async function submitting(
  flow: Flow,
  ack: (answer?: never) => Promise<void>,
  field: string,
  work: () => Promise<unknown>,
): Promise<void> {
  let answer: unknown;
  try {
    answer = await work();
  } catch (error) {
    flow.log.error({ err: error }, 'a form failed');
    answer = {
      response_action: 'errors',
      errors: { [field]: 'Something failed on our side and nothing was done. Try again in a moment.' },
    };
  }
  await ack(answer as never);
}
