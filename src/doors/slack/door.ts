/**
 * Slack comes in here: parse, call one flow, ack, show. What was committed before the ack survives a crash; a request
 * that was seen before does nothing.
 */

import type { AllMiddlewareArgs } from '@slack/bolt';
import { App, HTTPReceiver, type Receiver, SocketModeReceiver } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import { isAccessId } from '../../domain/ids.ts';
import { isRefused, type Refusal } from '../../domain/refusal.ts';
import { type Ballot, castVote } from '../../flow/cast-vote.ts';
import type { Flow } from '../../flow/deps.ts';
import { knownName } from '../../flow/known-name.ts';
import { openRequest } from '../../flow/open-request.ts';
import { refuseAtDoor } from '../../flow/refuse-at-door.ts';
import { approveAction, denyAction } from '../../words/card.ts';
import { terminalAction } from '../../words/milestones.ts';
import { refusalWords } from '../../words/refusals.ts';
import { offered, runCommand } from './commands.ts';
import { askCallback, askModal, denyCallback, denyErrors, denyModal, formErrors } from './modals.ts';
import { clickPayload, commandPayload, denyContext, personOf, viewPayload } from './payloads.ts';
import { refusalReply, troubleReply } from './replies.ts';

const otherTeam: Refusal = { code: 'ineligible', why: 'other-team' };

export type SlackDoorDeps = {
  readonly flow: Flow;
  readonly client: WebClient;
  readonly team: () => Promise<string>;
  /** True the first time that a token is seen. */
  readonly once: (token: string) => Promise<boolean>;
  /** Runs what a request asks for, letting others know that somebody waits for its answer. */
  readonly answering: <T>(work: () => Promise<T>) => Promise<T>;
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
  app.use((args) => deps.answering(() => refuseReplays(deps, args)));

  app.command(/.*/, async ({ command, ack }) => {
    const { user_id, user_name, team_id, text, trigger_id } = commandPayload.parse(command);
    const caller = personOf(user_id, user_name);
    await answering(flow, ack, async () => {
      if (team_id !== (await deps.team())) {
        await refuseAtDoor(flow, { person: caller, doing: 'command', refusal: otherTeam });
        return refusalReply(otherTeam);
      }
      const person = await knownName(flow, caller);
      if (text.trim() !== '') return runCommand(flow, person, text);
      const names = await offered(flow, person);
      // Asking for nothing says why there is nothing to choose from.
      if (names.length === 0) return runCommand(flow, person, '');
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
      const caller = personOf(user.id, user.name);
      if (team?.id !== (await deps.team())) {
        await refuseAtDoor(flow, { person: caller, doing: 'ask', refusal: otherTeam });
        return formErrors({ refused: otherTeam });
      }
      const requester = await knownName(flow, caller);
      const outcome = await openRequest(flow, {
        requester,
        ask: {
          target,
          reason: field('reason') ?? '',
          ...(duration === undefined || duration === '' ? {} : { duration }),
          ...(ticket === undefined || ticket === '' ? {} : { ticket }),
        },
      });
      return isRefused(outcome) ? formErrors(outcome) : undefined;
    });
  });

  app.action(approveAction, async ({ body, ack }) => {
    const click = clickPayload.parse(body);
    const words = await approve(deps, click);
    await ack();
    if (words !== undefined) await whisper(deps, click, words);
  });

  // A button that only leads somewhere; Slack wants to hear that the click arrived.
  app.action(terminalAction, async ({ ack }) => ack());

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
      const refused = await vote(deps, {
        access,
        voter: personOf(user.id, user.name),
        team: team?.id,
        answer: 'deny',
        reason: view.state.values.reason?.value?.value ?? '',
        card: { channel, ts },
      });
      return refused === undefined ? undefined : denyErrors(refused);
    });
  });

  await app.init();
  return app;
}

export function httpReceiver(signingSecret: string): HTTPReceiver {
  return new HTTPReceiver({
    signingSecret,
    endpoints: '/slack/events',
    // Only the part that Bolt verifies: what stands after a second `=` it leaves unread, and anybody could vary.
    customPropertiesExtractor: ({ headers }) => ({
      onceToken: String(headers['x-slack-signature']).split('=')[1],
    }),
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

type Click = ReturnType<typeof clickPayload.parse>;

/** What the one who clicked Approve is to be told; undefined where the card says it. */
async function approve(deps: SlackDoorDeps, click: Click): Promise<string | undefined> {
  const access = click.actions[0]?.value ?? '';
  const { channel_id: channel = '', message_ts: ts = '' } = click.container;
  const voter = personOf(click.user.id, click.user.name ?? click.user.username);
  try {
    const ballot = { access, voter, team: click.team?.id, answer: 'approve', card: { channel, ts } } as const;
    const refused = await vote(deps, ballot);
    return refused === undefined ? undefined : refusalWords(refused);
  } catch (error) {
    deps.flow.log.error({ access, err: error }, 'a vote failed');
    return troubleReply.text;
  }
}

/** A ballot as a payload has it: the access may be any text, the team any or none. */
type RawBallot = Omit<Ballot, 'access'> & { readonly access: string; readonly team: string | undefined };

async function vote(
  { flow, team: ours }: SlackDoorDeps,
  { team, access, ...ballot }: RawBallot,
): Promise<Refusal | undefined> {
  const turnedAway = { person: ballot.voter, doing: ballot.answer, access };
  if (team !== (await ours()))
    return (await refuseAtDoor(flow, { ...turnedAway, refusal: otherTeam })).refused;
  if (!isAccessId(access))
    return (await refuseAtDoor(flow, { ...turnedAway, refusal: { code: 'stale-card' } })).refused;
  const voter = await knownName(flow, ballot.voter);
  const outcome = await castVote(flow, { ...ballot, voter, access });
  return isRefused(outcome) ? outcome.refused : undefined;
}

/** Shows words to the one who clicked, and to nobody else. */
async function whisper({ client, flow }: SlackDoorDeps, click: Click, text: string): Promise<void> {
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
  await ackWith(flow, ack, work, { what: 'a command failed', answer: troubleReply });
}

async function submitting(
  flow: Flow,
  ack: (answer?: never) => Promise<void>,
  field: string,
  work: () => Promise<unknown>,
): Promise<void> {
  const says = 'Something failed on our side and nothing was done. Try again in a moment.';
  const answer = { response_action: 'errors', errors: { [field]: says } };
  await ackWith(flow, ack, work, { what: 'a form failed', answer });
}

/** Slack is answered with what the work returns, or else with that it failed. */
async function ackWith(
  flow: Flow,
  ack: (answer?: never) => Promise<void>,
  work: () => Promise<unknown>,
  failed: { readonly what: string; readonly answer: unknown },
): Promise<void> {
  let answer: unknown;
  try {
    answer = await work();
  } catch (error) {
    flow.log.error({ err: error }, failed.what);
    answer = failed.answer;
  }
  await ack(answer as never);
}
