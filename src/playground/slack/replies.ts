/**
 * What the app says back about an interaction: in the acknowledgement of a command, or later through a response URL.
 * By default only the person who acted sees it.
 */
import { checkMessageBlocks, messageLimits } from './limits.ts';
import {
  type Draft,
  deleteEphemeral,
  deleteMessage,
  postEphemeral,
  postMessage,
  updateEphemeral,
  updateMessage,
} from './messages.ts';
import type { ResponseTarget } from './tickets.ts';
import { isObject, type JsonObject, SlackRefusal } from './wire.ts';
import type { Workspace } from './workspace.ts';

/** Does what a reply asks for; throws {@link SlackRefusal} where Slack would not take it. */
export function reply(workspace: Workspace, target: ResponseTarget, body: JsonObject): void {
  const bot = workspace.app.bot_user_id;
  const { message } = target;
  if (isTrue(body.delete_original)) {
    if (message?.ephemeral) dropEphemeral(workspace, target);
    else if (message) deleteMessage(workspace, target.channel, message.ts);
    return;
  }
  const draft = readReply(body);
  if (isTrue(body.replace_original) && message) {
    const whole: Draft = { ...draft, blocks: draft.blocks ?? [], attachments: draft.attachments ?? [] };
    if (!message.ephemeral) updateMessage(workspace, target.channel, message.ts, whole);
    else {
      const old = findEphemeral(workspace, target);
      if (old) updateEphemeral(workspace, old, whole);
    }
    return;
  }
  const thread_ts = typeof body.thread_ts === 'string' ? body.thread_ts : message?.thread_ts;
  if (body.response_type === 'in_channel')
    postMessage(workspace, target.channel, bot, { ...draft, thread_ts });
  else postEphemeral(workspace, target.channel, target.user, bot, { ...draft, thread_ts });
}

function readReply(body: JsonObject): Draft {
  const text = typeof body.text === 'string' ? body.text.slice(0, messageLimits.text) : '';
  const blocks = body.blocks === undefined ? undefined : checkMessageBlocks(body.blocks);
  const attachments = Array.isArray(body.attachments) ? body.attachments.filter(isObject) : undefined;
  if (text === '' && !blocks?.length && !attachments?.length) throw new SlackRefusal('no_text');
  return { text, blocks, attachments };
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}

function findEphemeral(workspace: Workspace, { user, channel, message }: ResponseTarget) {
  return workspace.ephemerals.find(
    (one) => one.to === user && one.channel === channel && one.ts === message?.ts,
  );
}

function dropEphemeral(workspace: Workspace, target: ResponseTarget): void {
  const old = findEphemeral(workspace, target);
  if (old) deleteEphemeral(workspace, old);
}
