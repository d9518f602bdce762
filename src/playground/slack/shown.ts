/** Messages as the API and the client show them: threads' parents count their replies, the app has its profile. */
import { messagesIn } from './messages.ts';
import type { JsonObject, Message } from './wire.ts';
import type { Workspace } from './workspace.ts';

export type Shown = JsonObject & { readonly ts: string; readonly text: string };

/** Metadata stands on a message only where asked for. */
export function shownAll(
  workspace: Workspace,
  channel: string,
  messages: readonly Message[],
  withMetadata: boolean,
): Shown[] {
  const replies = Map.groupBy(
    messagesIn(workspace, channel).filter(
      (message) => message.thread_ts !== undefined && message.thread_ts !== message.ts,
    ),
    (message) => message.thread_ts,
  );
  return messages.map(({ metadata, ...plain }) => ({
    ...plain,
    ...(metadata && withMetadata ? { metadata } : {}),
    ...(plain.bot_id ? { bot_profile: botProfile(workspace) } : {}),
    ...countOf(plain.ts, replies.get(plain.ts) ?? []),
  }));
}

export function shown(
  workspace: Workspace,
  channel: string,
  message: Message,
  withMetadata: boolean,
): JsonObject {
  return shownAll(workspace, channel, [message], withMetadata)[0] ?? {};
}

function countOf(ts: string, replies: readonly Message[]): JsonObject {
  const last = replies.at(-1);
  if (!last) return {};
  const people = [...new Set(replies.map((reply) => reply.user))];
  return {
    thread_ts: ts,
    reply_count: replies.length,
    reply_users: people,
    reply_users_count: people.length,
    latest_reply: last.ts,
  };
}

function botProfile({ app, team }: Workspace): JsonObject {
  return {
    id: app.bot_id,
    app_id: app.id,
    name: app.name,
    deleted: false,
    team_id: team.id,
    updated: 0,
    icons: {},
  };
}
