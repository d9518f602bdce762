/**
 * What a person does and sees in Slack's client. Acts go to the app and come back as an outcome that says what the
 * person was shown. Whatever the client would not let a person do throws `Impossible`.
 */
import type { Courier } from './delivery.ts';
import { actionOf, findElement, Impossible, stateOf, type ViewInput } from './inputs.ts';
import { deleteMessage, findMessage, messagesIn, postEphemeral, postMessage } from './messages.ts';
import { closeView, type SubmitOutcome, submitView } from './modal-acts.ts';
import { visibleView } from './modals.ts';
import {
  clickPayload,
  commandPayload,
  type Payloads,
  suggestionPayload,
  viewClickPayload,
} from './payloads.ts';
import { reply } from './replies.ts';
import { type Shown, shownAll } from './shown.ts';
import {
  type Channel,
  type Ephemeral,
  isObject,
  type JsonObject,
  type Message,
  SlackRefusal,
  type View,
} from './wire.ts';
import { maySee, openDirect, slackbot } from './workspace.ts';

export type ActOutcome =
  | { readonly outcome: 'acknowledged' }
  /** `shown` is the client's own word to the person. */
  | { readonly outcome: 'failed'; readonly error: string; readonly shown: string };

/** A message as one person sees it. `channel` and `to` stand on ephemeral ones only. */
export type SeenMessage = Shown & { readonly is_ephemeral?: true };

export type MessagePlace = { readonly channel: string; readonly ts: string };

export type HumanDeps = Payloads & {
  readonly courier: Courier;
  /** The commands in the manifest; without a list every command is the app's. */
  readonly commands: readonly string[] | undefined;
  readonly interactive: boolean;
};

export type Human = {
  /** Types a slash command into a channel. */
  readonly command: (user: string, channel: string, command: string, text?: string) => Promise<ActOutcome>;
  /** Clicks or chooses in a message: `ref` is an action id, a block id or "block_id/action_id". */
  readonly click: (user: string, place: MessagePlace, ref: string, value?: unknown) => Promise<ActOutcome>;
  /** The payload of such a click, unsent: to be bent and forged. */
  readonly clickPayload: (user: string, place: MessagePlace, ref: string, value?: unknown) => JsonObject;
  /** Clicks or chooses inside the open modal; `input` is what its fields hold meanwhile. */
  readonly clickInView: (
    user: string,
    view: string,
    ref: string,
    value?: unknown,
    input?: ViewInput,
  ) => Promise<ActOutcome>;
  readonly submitView: (user: string, view: string, input: ViewInput) => Promise<SubmitOutcome>;
  readonly closeView: (user: string, view: string) => Promise<void>;
  /** The modal in front of this person. */
  readonly openView: (user: string) => View | undefined;
  /** The options that the app offers in an external menu, in a modal (`view`) or a message. */
  readonly suggest: (
    user: string,
    place: MessagePlace | { view: string },
    ref: string,
    query: string,
  ) => Promise<JsonObject>;
  /** Everything this person sees in a channel: messages, replies and their own ephemerals, oldest first. */
  readonly messages: (channel: string, user: string) => SeenMessage[];
  readonly channels: (user: string) => Channel[];
  /** The person's direct messages with the app. */
  readonly openDirect: (user: string) => string;
  readonly say: (user: string, channel: string, text: string, thread_ts?: string) => Message;
  /** Deletes one's own message; an admin deletes anyone's. */
  readonly remove: (user: string, place: MessagePlace) => void;
};

export function createHuman(deps: HumanDeps): Human {
  const { workspace, courier } = deps;
  const { app, watchers } = workspace;

  const person = (user: string) => {
    const found = workspace.people.get(user);
    if (!found) throw new Impossible(`the workspace knows no ${user}`);
    if (found.deleted) throw new Impossible(`${user} is deactivated and cannot sign in`);
    return found;
  };
  const visibleChannel = (user: string, id: string): Channel => {
    person(user);
    const channel = workspace.channels.get(id);
    if (!channel || !maySee(workspace, channel, user))
      throw new Impossible(`${user} does not see channel ${id}`);
    return channel;
  };
  const seenBy = (user: string, { channel, ts }: MessagePlace): Message | Ephemeral => {
    const found =
      findMessage(workspace, channel, ts) ??
      workspace.ephemerals.find((one) => one.channel === channel && one.ts === ts && one.to === user);
    if (!found) throw new Impossible(`${user} sees no message ${ts} in ${channel}`);
    return found;
  };
  const openViewOf = (user: string, id: string): View => {
    person(user);
    const view = visibleView(workspace, user);
    if (view?.id !== id) throw new Impossible(`${user} does not have modal ${id} in front of them`);
    return view;
  };
  const notice = (user: string, text: string): void => watchers.tell({ kind: 'notice', user, text });

  const clickOf = (user: string, place: MessagePlace, ref: string, value?: unknown): JsonObject => {
    const channel = visibleChannel(user, place.channel);
    const message = seenBy(user, place);
    return clickPayload(
      deps,
      user,
      channel,
      message,
      actionOf(findElement(message.blocks ?? [], ref, value), value),
    );
  };

  const interact = async (user: string, payload: JsonObject): Promise<ActOutcome> => {
    const ack = deps.interactive
      ? await courier.deliver('interactive', payload)
      : { outcome: 'failed' as const, error: 'interactivity_disabled' };
    if (ack.outcome === 'acked') return { outcome: 'acknowledged' };
    const text = `${app.name} did not answer the click (${ack.error})`;
    notice(user, text);
    return { outcome: 'failed', error: ack.error, shown: text };
  };

  return {
    command: async (user, channelId, command, text = '') => {
      const channel = visibleChannel(user, channelId);
      const fail = (error: string, word: string): ActOutcome => {
        postEphemeral(workspace, channel.id, user, slackbot, { text: word });
        return { outcome: 'failed', error, shown: word };
      };
      if (deps.commands && !deps.commands.includes(command))
        return fail('invalid_command', `${command} is not a valid command.`);
      const ack = await courier.deliver('command', commandPayload(deps, user, channel, command, text));
      if (ack.outcome === 'failed') return fail(ack.error, `${command} failed with the error "${ack.error}"`);
      const body = typeof ack.body === 'string' ? { text: ack.body } : ack.body;
      if (!isObject(body)) return { outcome: 'acknowledged' };
      try {
        if (body.response_type === 'in_channel')
          postMessage(workspace, channel.id, user, { text: `${command} ${text}`.trim() });
        reply(workspace, { user, channel: channel.id }, body);
      } catch (error) {
        if (!(error instanceof SlackRefusal)) throw error;
        return fail(
          'invalid_command_response',
          `${command} failed with the error "invalid_command_response"`,
        );
      }
      return { outcome: 'acknowledged' };
    },
    click: async (user, place, ref, value) => interact(user, clickOf(user, place, ref, value)),
    clickPayload: clickOf,
    clickInView: async (user, id, ref, value, input = {}) => {
      const view = openViewOf(user, id);
      const action = actionOf(findElement(view.blocks, ref, value), value);
      return interact(user, viewClickPayload(deps, user, view, stateOf(view, input).values, action));
    },
    submitView: async (user, id, input) => submitView({ ...deps, notice }, user, openViewOf(user, id), input),
    closeView: async (user, id) => closeView(deps, user, openViewOf(user, id)),
    openView: (user) => visibleView(workspace, user),
    suggest: async (user, place, ref, query) => {
      const inView = 'view' in place ? openViewOf(user, place.view) : undefined;
      const message = 'view' in place ? undefined : seenBy(user, place);
      const { block, element } = findElement(inView?.blocks ?? message?.blocks ?? [], ref);
      const where = inView
        ? { view: inView, container: { type: 'view', view_id: inView.id } }
        : { message, container: { type: 'message', message_ts: message?.ts } };
      const menu = { action_id: element.action_id, block_id: block.block_id };
      const ack = await courier.deliver('interactive', suggestionPayload(deps, user, where, menu, query));
      return ack.outcome === 'acked' && isObject(ack.body) ? ack.body : { options: [] };
    },
    messages: (channelId, user) => {
      const channel = visibleChannel(user, channelId);
      const said: SeenMessage[] = shownAll(workspace, channel.id, messagesIn(workspace, channel.id), true);
      const whispered = workspace.ephemerals.filter((one) => one.channel === channel.id && one.to === user);
      return [...said, ...whispered].sort((a, b) => Number(a.ts) - Number(b.ts));
    },
    channels: (user) =>
      [...workspace.channels.values()].filter((channel) => maySee(workspace, channel, user)),
    openDirect: (user) => openDirect(workspace, [person(user).id]).channel.id,
    say: (user, channelId, text, thread_ts) => {
      const channel = visibleChannel(user, channelId);
      return postMessage(workspace, channel.id, user, { text, thread_ts });
    },
    remove: (user, place) => {
      visibleChannel(user, place.channel);
      const message = seenBy(user, place);
      if (message.user !== user && !person(user).is_admin)
        throw new Impossible(`${user} may not delete this message`);
      deleteMessage(workspace, place.channel, place.ts);
    },
  };
}
