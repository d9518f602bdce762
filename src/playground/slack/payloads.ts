/**
 * What Slack tells the app about a person's act: slash command, click, submission, closing, search in a menu. Building
 * one issues its trigger and response URL; nothing is sent here, so that tests can bend a payload before sending it.
 */
import { shown } from './shown.ts';
import type { ResponseTarget, Tickets } from './tickets.ts';
import type { Channel, Ephemeral, JsonObject, Message, StateValues, View } from './wire.ts';
import type { Workspace } from './workspace.ts';

export type Payloads = {
  readonly workspace: Workspace;
  readonly tickets: Tickets;
  readonly origin: () => string;
};

/** The long-deprecated verification token, which still stands in every payload; nothing may rely on it. */
const verificationToken = 'look-alike-verification-token';

export function commandPayload(
  p: Payloads,
  user: string,
  channel: Channel,
  command: string,
  text: string,
): JsonObject {
  const { workspace } = p;
  const person = workspace.people.get(user);
  return {
    token: verificationToken,
    team_id: person?.team_id ?? workspace.team.id,
    team_domain: workspace.team.domain,
    channel_id: channel.id,
    channel_name: nameInPayload(channel),
    user_id: user,
    user_name: person?.name ?? user,
    command,
    text,
    api_app_id: workspace.app.id,
    is_enterprise_install: 'false',
    response_url: responseUrl(p, 'commands', { user, channel: channel.id }),
    trigger_id: p.tickets.issueTrigger(user),
  };
}

/** A click in a message. An ephemeral one comes without its content, as in Slack. */
export function clickPayload(
  p: Payloads,
  user: string,
  channel: Channel,
  message: Message | Ephemeral,
  action: JsonObject,
): JsonObject {
  const ephemeral = 'is_ephemeral' in message;
  const target = { ts: message.ts, ephemeral, thread_ts: message.thread_ts };
  return {
    type: 'block_actions',
    ...common(p, user),
    container: {
      type: 'message',
      message_ts: message.ts,
      channel_id: channel.id,
      is_ephemeral: ephemeral,
      ...(message.thread_ts ? { thread_ts: message.thread_ts } : {}),
    },
    trigger_id: p.tickets.issueTrigger(user),
    channel: { id: channel.id, name: nameInPayload(channel) },
    ...(ephemeral ? {} : { message: shown(p.workspace, channel.id, message, false) }),
    state: { values: {} },
    response_url: responseUrl(p, 'actions', { user, channel: channel.id, message: target }),
    actions: [{ ...action, action_ts: p.workspace.nextTs() }],
  };
}

export function viewClickPayload(
  p: Payloads,
  user: string,
  view: View,
  values: StateValues,
  action: JsonObject,
): JsonObject {
  return {
    type: 'block_actions',
    ...common(p, user),
    container: { type: 'view', view_id: view.id },
    trigger_id: p.tickets.issueTrigger(user),
    view: { ...view, state: { values } },
    actions: [{ ...action, action_ts: p.workspace.nextTs() }],
  };
}

export function submissionPayload(p: Payloads, user: string, view: View, values: StateValues): JsonObject {
  return {
    type: 'view_submission',
    ...common(p, user),
    trigger_id: p.tickets.issueTrigger(user),
    view: { ...view, state: { values } },
    response_urls: [],
  };
}

export function closedPayload(p: Payloads, user: string, view: View, isCleared: boolean): JsonObject {
  return { type: 'view_closed', ...common(p, user), view, is_cleared: isCleared };
}

/** A person types into a menu whose options the app provides. */
export function suggestionPayload(
  p: Payloads,
  user: string,
  place: JsonObject,
  menu: JsonObject,
  query: string,
): JsonObject {
  return { type: 'block_suggestion', ...common(p, user), ...place, ...menu, value: query };
}

function common({ workspace }: Payloads, user: string): JsonObject {
  const person = workspace.people.get(user);
  const name = person?.name ?? user;
  return {
    user: { id: user, username: name, name, team_id: person?.team_id ?? workspace.team.id },
    api_app_id: workspace.app.id,
    token: verificationToken,
    team: { id: workspace.team.id, domain: workspace.team.domain },
    enterprise: null,
    is_enterprise_install: false,
  };
}

function nameInPayload(channel: Channel): string {
  if (channel.kind === 'im') return 'directmessage';
  return channel.kind === 'private' ? 'privategroup' : channel.name;
}

function responseUrl(p: Payloads, family: 'commands' | 'actions', target: ResponseTarget): string {
  return `${p.origin()}/${family}/${p.workspace.team.id}/${p.tickets.issueResponse(target)}`;
}
