/** Messages of the workspace: posting, editing, deleting, and reading them back in pages. Limits are checked before. */
import type { Block, Ephemeral, JsonObject, Message } from './wire.ts';
import type { Workspace } from './workspace.ts';

/** What an author gives; everything else in a message is the workspace's to say. */
export type Draft = {
  readonly text: string;
  readonly blocks?: readonly Block[] | undefined;
  readonly attachments?: readonly JsonObject[] | undefined;
  readonly metadata?: JsonObject | undefined;
  readonly thread_ts?: string | undefined;
  readonly reply_broadcast?: boolean | undefined;
};

export function messagesIn(workspace: Workspace, channel: string): Message[] {
  const found = workspace.messages.get(channel);
  if (found) return found;
  const fresh: Message[] = [];
  workspace.messages.set(channel, fresh);
  return fresh;
}

export function findMessage(workspace: Workspace, channel: string, ts: string): Message | undefined {
  return messagesIn(workspace, channel).find((message) => message.ts === ts);
}

/** Whether the app itself wrote it, which is what lets the app change it. */
export function isOwn(workspace: Workspace, message: Message): boolean {
  return message.bot_id === workspace.app.bot_id;
}

export function compose(workspace: Workspace, author: string, draft: Draft): Message {
  const { app, team } = workspace;
  const reply = draft.thread_ts !== undefined;
  return {
    type: 'message',
    ...(reply && draft.reply_broadcast ? { subtype: 'thread_broadcast' as const } : {}),
    user: author,
    team: workspace.people.get(author)?.team_id ?? team.id,
    text: draft.text,
    ts: workspace.nextTs(),
    ...(author === app.bot_user_id ? { bot_id: app.bot_id, app_id: app.id } : {}),
    ...(reply ? { thread_ts: draft.thread_ts } : {}),
    ...(draft.blocks?.length ? { blocks: nameBlocks(workspace, draft.blocks) } : {}),
    ...(draft.attachments?.length ? { attachments: draft.attachments } : {}),
    ...(draft.metadata && Object.keys(draft.metadata).length > 0 ? { metadata: draft.metadata } : {}),
  };
}

export function postMessage(workspace: Workspace, channel: string, author: string, draft: Draft): Message {
  const message = compose(workspace, author, draft);
  messagesIn(workspace, channel).push(message);
  workspace.watchers.tell({ kind: 'message', what: 'posted', channel, ts: message.ts });
  return message;
}

export function postEphemeral(
  workspace: Workspace,
  channel: string,
  to: string,
  author: string,
  draft: Draft,
): Ephemeral {
  const message: Ephemeral = { ...compose(workspace, author, draft), is_ephemeral: true, channel, to };
  workspace.ephemerals.push(message);
  workspace.watchers.tell({ kind: 'ephemeral', what: 'posted', channel, user: to, ts: message.ts });
  return message;
}

/**
 * Replaces what is given of a message and keeps the rest: as in Slack, blocks stay unless others (or an empty list)
 * are given, and so does metadata (an empty object removes it).
 */
export function updateMessage(
  workspace: Workspace,
  channel: string,
  ts: string,
  draft: Partial<Draft>,
): Message | undefined {
  const list = messagesIn(workspace, channel);
  const at = list.findIndex((message) => message.ts === ts);
  const old = list[at];
  if (!old) return undefined;
  const message: Message = {
    ...old,
    ...revised(workspace, old, draft),
    edited: { user: old.user, ts: workspace.nextTs() },
  };
  list[at] = message;
  workspace.watchers.tell({ kind: 'message', what: 'updated', channel, ts });
  return message;
}

export function updateEphemeral(workspace: Workspace, old: Ephemeral, draft: Partial<Draft>): void {
  const at = workspace.ephemerals.indexOf(old);
  if (at < 0) return;
  workspace.ephemerals[at] = { ...old, ...revised(workspace, old, draft) };
  workspace.watchers.tell({
    kind: 'ephemeral',
    what: 'updated',
    channel: old.channel,
    user: old.to,
    ts: old.ts,
  });
}

function revised(workspace: Workspace, old: Message, draft: Partial<Draft>): Partial<Message> {
  const {
    text = old.text,
    blocks = old.blocks,
    attachments = old.attachments,
    metadata = old.metadata,
  } = draft;
  return {
    text,
    blocks: blocks?.length ? nameBlocks(workspace, blocks) : undefined,
    attachments: attachments?.length ? attachments : undefined,
    metadata: metadata && Object.keys(metadata).length > 0 ? metadata : undefined,
  };
}

export function deleteMessage(workspace: Workspace, channel: string, ts: string): boolean {
  const list = messagesIn(workspace, channel);
  const at = list.findIndex((message) => message.ts === ts);
  if (at < 0) return false;
  list.splice(at, 1);
  workspace.watchers.tell({ kind: 'message', what: 'deleted', channel, ts });
  return true;
}

export function deleteEphemeral(workspace: Workspace, old: Ephemeral): void {
  const at = workspace.ephemerals.indexOf(old);
  if (at < 0) return;
  workspace.ephemerals.splice(at, 1);
  workspace.watchers.tell({
    kind: 'ephemeral',
    what: 'deleted',
    channel: old.channel,
    user: old.to,
    ts: old.ts,
  });
}

/** Slack names every block that came without a `block_id`, and every actionable element without an `action_id`. */
export function nameBlocks(workspace: Workspace, blocks: readonly Block[]): Block[] {
  const nameElement = (element: unknown): unknown =>
    typeof element === 'object' && element !== null && !('action_id' in element) && isActionable(element)
      ? { ...element, action_id: workspace.nextId('act') }
      : element;
  return blocks.map((block) => ({
    ...block,
    block_id: typeof block.block_id === 'string' ? block.block_id : workspace.nextId('blk'),
    ...('accessory' in block ? { accessory: nameElement(block.accessory) } : {}),
    ...('element' in block ? { element: nameElement(block.element) } : {}),
    ...(block.type === 'actions' && Array.isArray(block.elements)
      ? { elements: block.elements.map(nameElement) }
      : {}),
  }));
}

function isActionable(element: object): boolean {
  return 'type' in element && element.type !== 'image';
}
