/**
 * The nouns that the look-alike keeps and puts on the wire, in Slack's own spelling. Blocks and views stay open
 * records: the look-alike checks their limits and hands them back as they came, as Slack does.
 */
export type JsonObject = { readonly [key: string]: unknown };

export type Block = JsonObject & { readonly type: string };

/** One person, bots included. `team_id` differs from the workspace's for people from connected workspaces. */
export type Person = {
  readonly id: string;
  readonly team_id: string;
  readonly name: string;
  readonly real_name: string;
  readonly email?: string | undefined;
  readonly tz: string;
  /** Seconds east of UTC. */
  readonly tz_offset: number;
  readonly is_admin: boolean;
  readonly is_bot: boolean;
  readonly deleted: boolean;
  readonly is_restricted: boolean;
  readonly is_ultra_restricted: boolean;
  readonly is_stranger: boolean;
};

export type ChannelKind = 'public' | 'private' | 'im' | 'mpim';

export type Channel = {
  readonly id: string;
  readonly kind: ChannelKind;
  readonly name: string;
  readonly is_archived: boolean;
  readonly is_ext_shared: boolean;
  readonly topic: string;
  /** Epoch seconds. */
  readonly created: number;
  /** Ids of people; the bot's own id stands here where the app was invited. */
  readonly members: readonly string[];
};

export type UserGroup = {
  readonly id: string;
  readonly handle: string;
  readonly name: string;
  readonly disabled: boolean;
  readonly users: readonly string[];
};

/** A message as `conversations.history` gives it, but for `metadata`, which is shown only on request. */
export type Message = {
  readonly type: 'message';
  readonly subtype?: 'thread_broadcast' | undefined;
  readonly user: string;
  readonly team: string;
  readonly text: string;
  /** "seconds.micros", unique and increasing in the workspace. */
  readonly ts: string;
  readonly bot_id?: string | undefined;
  readonly app_id?: string | undefined;
  readonly thread_ts?: string | undefined;
  readonly blocks?: readonly Block[] | undefined;
  readonly attachments?: readonly JsonObject[] | undefined;
  readonly metadata?: JsonObject | undefined;
  readonly edited?: { readonly user: string; readonly ts: string } | undefined;
};

/** A message that only one person sees and that no history returns. */
export type Ephemeral = Message & {
  readonly is_ephemeral: true;
  readonly channel: string;
  readonly to: string;
};

export type View = {
  readonly id: string;
  readonly team_id: string;
  readonly app_id: string;
  readonly app_installed_team_id: string;
  readonly bot_id: string;
  readonly type: 'modal';
  readonly callback_id: string;
  readonly external_id: string;
  readonly title: JsonObject;
  readonly submit: JsonObject | null;
  readonly close: JsonObject | null;
  readonly blocks: readonly Block[];
  readonly private_metadata: string;
  readonly clear_on_close: boolean;
  readonly notify_on_close: boolean;
  readonly hash: string;
  readonly root_view_id: string;
  readonly previous_view_id: string | null;
  readonly state: { readonly values: StateValues };
};

export type StateValues = { readonly [blockId: string]: { readonly [actionId: string]: JsonObject } };

export type App = {
  readonly id: string;
  readonly bot_id: string;
  readonly bot_user_id: string;
  readonly name: string;
};

export type Team = { readonly id: string; readonly domain: string; readonly name: string };

/** What can be told to the app. */
export type DeliveryKind = 'command' | 'interactive' | 'event';

/** A "no" that Slack answers with `ok: false`; thrown by whatever finds it, turned into an answer by the Web API. */
export class SlackRefusal extends Error {
  readonly code: string;
  readonly extra: JsonObject;
  constructor(code: string, extra: JsonObject = {}) {
    super(code);
    this.name = 'SlackRefusal';
    this.code = code;
    this.extra = extra;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isBlock(value: unknown): value is Block {
  return isObject(value) && typeof value.type === 'string';
}
