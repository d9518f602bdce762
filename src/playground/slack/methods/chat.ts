/** chat.*: the app writes, edits and takes back its own messages. */
import { checkMessageBlocks, checkMetadata, messageLimits } from '../limits.ts';
import {
  type Draft,
  deleteMessage,
  findMessage,
  isOwn,
  postEphemeral,
  postMessage,
  updateMessage,
} from '../messages.ts';
import { shown } from '../shown.ts';
import { type Channel, isObject, type JsonObject, SlackRefusal } from '../wire.ts';
import { isIn, openDirect } from '../workspace.ts';
import { type Call, joinedChannel, knownChannel, type Method, noScope, scope } from './method.ts';

export const chatMethods: Readonly<Record<string, Method>> = {
  'chat.postMessage': { token: 'bot', scopes: scope('chat:write'), run: post },
  'chat.postEphemeral': { token: 'bot', scopes: scope('chat:write'), run: whisper },
  'chat.update': { token: 'bot', scopes: scope('chat:write'), run: update },
  'chat.delete': { token: 'bot', scopes: scope('chat:write'), run: remove },
  'chat.getPermalink': { token: 'bot', scopes: noScope, run: permalink },
};

function post(call: Call): JsonObject {
  const { workspace } = call;
  const channel = writableChannel(call);
  const { draft, warning } = readDraft(call);
  if (draft.text === undefined && !draft.blocks?.length && !draft.attachments?.length)
    throw new SlackRefusal('no_text');
  const thread_ts = threadOf(call, channel);
  const message = postMessage(workspace, channel.id, workspace.app.bot_user_id, {
    ...draft,
    text: draft.text ?? '',
    thread_ts,
    reply_broadcast: call.args.flag('reply_broadcast'),
  });
  return {
    channel: channel.id,
    ts: message.ts,
    message: shown(workspace, channel.id, message, true),
    ...warning,
  };
}

function whisper(call: Call): JsonObject {
  const { workspace, args } = call;
  const channel = writableChannel(call);
  const user = args.needed('user');
  if (!isIn(channel, user)) throw new SlackRefusal('user_not_in_channel');
  const { draft } = readDraft(call, 'msg_too_long');
  if (draft.text === undefined && !draft.blocks?.length && !draft.attachments?.length)
    throw new SlackRefusal('no_text');
  const thread_ts = threadOf(call, channel);
  const message = postEphemeral(workspace, channel.id, user, workspace.app.bot_user_id, {
    ...draft,
    text: draft.text ?? '',
    thread_ts,
  });
  return { message_ts: message.ts };
}

function update(call: Call): JsonObject {
  const { workspace, args } = call;
  const channel = joinedChannel(call);
  const ts = args.needed('ts');
  const old = findMessage(workspace, channel.id, ts);
  if (!old) throw new SlackRefusal('message_not_found');
  if (channel.is_archived) throw new SlackRefusal('is_inactive');
  if (!isOwn(workspace, old)) throw new SlackRefusal('cant_update_message');
  const { draft } = readDraft(call);
  if ((draft.text?.length ?? 0) > messageLimits.updatedText) throw new SlackRefusal('msg_too_long');
  const left = {
    text: draft.text ?? old.text,
    blocks: draft.blocks ?? old.blocks,
    attachments: draft.attachments ?? old.attachments,
  };
  if (left.text === '' && !left.blocks?.length && !left.attachments?.length)
    throw new SlackRefusal('no_text');
  const message = updateMessage(workspace, channel.id, ts, draft);
  if (!message) throw new SlackRefusal('message_not_found');
  return {
    channel: channel.id,
    ts,
    text: message.text,
    message: shown(workspace, channel.id, message, true),
  };
}

function remove(call: Call): JsonObject {
  const { workspace, args } = call;
  const channel = joinedChannel(call);
  const ts = args.needed('ts');
  const old = findMessage(workspace, channel.id, ts);
  if (!old) throw new SlackRefusal('message_not_found');
  if (!isOwn(workspace, old)) throw new SlackRefusal('cant_delete_message');
  deleteMessage(workspace, channel.id, ts);
  return { channel: channel.id, ts };
}

function permalink(call: Call): JsonObject {
  const channel = knownChannel(call);
  const ts = call.args.needed('message_ts');
  const message = findMessage(call.workspace, channel.id, ts);
  if (!message) throw new SlackRefusal('message_not_found');
  const thread =
    message.thread_ts && message.thread_ts !== ts ? `?thread_ts=${message.thread_ts}&cid=${channel.id}` : '';
  return {
    channel: channel.id,
    permalink: `${call.origin}/archives/${channel.id}/p${ts.replace('.', '')}${thread}`,
  };
}

/** The channel to write to: by id, by name, or by a person's id, which means their direct messages with the app. */
function writableChannel(call: Call): Channel {
  const { workspace, args, scopes } = call;
  const wanted = args.text('channel') ?? '';
  const person = workspace.people.get(wanted);
  if (person?.is_bot) throw new SlackRefusal('cannot_dm_bot');
  if (person && !person.deleted) return openDirect(workspace, [person.id]).channel;
  const name = wanted.replace(/^#/, '');
  const channel =
    workspace.channels.get(wanted) ??
    [...workspace.channels.values()].find((one) => one.kind === 'public' && one.name === name);
  const inside = channel && isIn(channel, workspace.app.bot_user_id);
  if (!channel || (channel.kind !== 'public' && !inside)) throw new SlackRefusal('channel_not_found');
  if (channel.is_archived) throw new SlackRefusal('is_archived');
  if (!inside && !scopes.has('chat:write.public')) throw new SlackRefusal('not_in_channel');
  return channel;
}

/** The thread's parent, also where a reply's own timestamp was given. */
function threadOf({ workspace, args }: Call, channel: Channel): string | undefined {
  const wanted = args.text('thread_ts');
  if (wanted === undefined) return undefined;
  if (!/^\d+\.\d{6}$/.test(wanted)) throw new SlackRefusal('invalid_thread_ts');
  const parent = findMessage(workspace, channel.id, wanted);
  if (!parent) throw new SlackRefusal('thread_not_found');
  return parent.thread_ts ?? parent.ts;
}

/** Reads and checks text, blocks, attachments and metadata. Slack cuts over-long text of a post and says so. */
function readDraft({ args }: Call, tooLong?: 'msg_too_long'): { draft: Partial<Draft>; warning: JsonObject } {
  const given = args.text('text') ?? (args.has('text') ? '' : args.text('markdown_text'));
  if (args.text('markdown_text') && (args.text('text') || args.has('blocks')))
    throw new SlackRefusal('markdown_text_conflict');
  const cut = given !== undefined && given.length > messageLimits.text;
  if (cut && tooLong) throw new SlackRefusal(tooLong);
  const attachments = args.has('attachments')
    ? args.structure('attachments', 'invalid_attachments')
    : undefined;
  if (attachments !== undefined && !(Array.isArray(attachments) && attachments.every(isObject)))
    throw new SlackRefusal('invalid_attachments');
  if ((attachments?.length ?? 0) > messageLimits.attachments) throw new SlackRefusal('too_many_attachments');
  const draft: Partial<Draft> = {
    ...(given === undefined || given === '' ? {} : { text: given.slice(0, messageLimits.text) }),
    ...(args.has('blocks')
      ? { blocks: checkMessageBlocks(args.structure('blocks', 'invalid_blocks_format')) }
      : {}),
    ...(attachments ? { attachments } : {}),
    ...(args.has('metadata')
      ? { metadata: checkMetadata(args.structure('metadata', 'invalid_metadata_format')) }
      : {}),
  };
  const words = '[WARN] Your message was truncated but still posted.';
  return {
    draft,
    warning: cut ? { response_metadata: { warnings: ['message_truncated'], messages: [words] } } : {},
  };
}
