/** What a Web API method is here: which token and scope it takes, and what it does. The table is in table.ts. */
import type { Args } from '../args.ts';
import type { Tickets } from '../tickets.ts';
import { type Channel, type ChannelKind, type JsonObject, SlackRefusal } from '../wire.ts';
import { isIn, type Workspace } from '../workspace.ts';

export type Call = {
  readonly workspace: Workspace;
  readonly tickets: Tickets;
  readonly args: Args;
  /** The bot's scopes; methods look here only for what a scope adds (`chat:write.public`, `users:read.email`). */
  readonly scopes: ReadonlySet<string>;
  /** Makes a Socket Mode address. */
  readonly socketUrl: () => string;
  readonly origin: string;
};

export type Method = {
  readonly token: 'bot' | 'app' | 'any';
  /** Any one of these will do; none needed where the list is empty. */
  readonly scopes: (call: Call) => readonly string[];
  /** The answer without `ok`. Throws {@link SlackRefusal}. */
  readonly run: (call: Call) => JsonObject;
};

export const noScope = (): readonly string[] => [];
export const scope =
  (...names: readonly string[]) =>
  (): readonly string[] =>
    names;

const families: Readonly<Record<ChannelKind, string>> = {
  public: 'channels',
  private: 'groups',
  im: 'im',
  mpim: 'mpim',
};

/** The scope for the kind of channel that the call names: `channels:read` or `groups:read` and so on. */
export const scopeByChannel =
  (right: 'read' | 'history') =>
  ({ workspace, args }: Call): readonly string[] => {
    const channel = workspace.channels.get(args.text('channel') ?? '');
    if (channel) return [`${families[channel.kind]}:${right}`];
    return Object.values(families).map((family) => `${family}:${right}`);
  };

export function scopeOfKind(kind: ChannelKind): string {
  return `${families[kind]}:read`;
}

/** A channel the app may know of: any public one, and those it is in. */
export function knownChannel({ workspace, args }: Call): Channel {
  const channel = workspace.channels.get(args.needed('channel'));
  if (!channel || (channel.kind !== 'public' && !isIn(channel, workspace.app.bot_user_id)))
    throw new SlackRefusal('channel_not_found');
  return channel;
}

/** A channel the app is in. */
export function joinedChannel(call: Call): Channel {
  const channel = knownChannel(call);
  if (!isIn(channel, call.workspace.app.bot_user_id)) throw new SlackRefusal('not_in_channel');
  return channel;
}
