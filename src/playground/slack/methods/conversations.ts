/** conversations.*: channels and their members. What was said in them is in history.ts. */
import { cursorPart, page } from '../pages.ts';
import { type Channel, type ChannelKind, type JsonObject, SlackRefusal } from '../wire.ts';
import { isIn, openDirect, type Workspace } from '../workspace.ts';
import { type Call, knownChannel, type Method, scope, scopeByChannel, scopeOfKind } from './method.ts';

export const conversationMethods: Readonly<Record<string, Method>> = {
  'conversations.open': { token: 'bot', scopes: scope('im:write', 'mpim:write'), run: open },
  'conversations.info': {
    token: 'bot',
    scopes: scopeByChannel('read'),
    run: (call) => ({
      channel: channelObject(call.workspace, knownChannel(call), call.args.flag('include_num_members')),
    }),
  },
  'conversations.members': { token: 'bot', scopes: scopeByChannel('read'), run: members },
  'conversations.list': { token: 'bot', scopes: scopesByTypes, run: list },
  'users.conversations': { token: 'bot', scopes: scopesByTypes, run: joined },
};

function open({ workspace, args }: Call): JsonObject {
  const existing = args.text('channel');
  if (existing !== undefined) {
    const channel = workspace.channels.get(existing);
    if (!channel || !isIn(channel, workspace.app.bot_user_id)) throw new SlackRefusal('channel_not_found');
    if (channel.kind !== 'im' && channel.kind !== 'mpim')
      throw new SlackRefusal('method_not_supported_for_channel_type');
    return { no_op: true, already_open: true, channel: { id: channel.id } };
  }
  const users = args.list('users').filter((id) => id !== workspace.app.bot_user_id);
  if (users.length === 0) throw new SlackRefusal('users_list_not_supplied');
  if (users.length > 8) throw new SlackRefusal('too_many_users');
  for (const id of users) {
    const person = workspace.people.get(id);
    if (!person) throw new SlackRefusal('user_not_found');
    if (person.deleted) throw new SlackRefusal('user_disabled');
    if (person.is_bot) throw new SlackRefusal('cannot_dm_bot');
  }
  const { channel, isNew } = openDirect(workspace, users);
  const body = args.flag('return_im') ? channelObject(workspace, channel, false) : { id: channel.id };
  return { ...(isNew ? {} : { no_op: true, already_open: true }), channel: body };
}

function members(call: Call): JsonObject {
  const channel = knownChannel(call);
  const found = page(
    [...channel.members].sort(),
    (id) => id,
    call.args.text('cursor'),
    call.args.limit(100, 1000),
  );
  return { members: found.items, ...cursorPart(found) };
}

const kinds: Readonly<Record<string, ChannelKind>> = {
  public_channel: 'public',
  private_channel: 'private',
  im: 'im',
  mpim: 'mpim',
};

function kindsOf(call: Call): readonly ChannelKind[] {
  const named = call.args.list('types');
  return (named.length > 0 ? named : ['public_channel']).map((name) => {
    const kind = kinds[name];
    if (!kind) throw new SlackRefusal('invalid_types');
    return kind;
  });
}

/** Slack wants a scope for each type asked for; the first one missing is the one it names. */
function scopesByTypes(call: Call): readonly string[] {
  const needed = kindsOf(call).map(scopeOfKind);
  const missing = needed.find((name) => !call.scopes.has(name));
  return [missing ?? needed[0] ?? 'channels:read'];
}

function list(call: Call): JsonObject {
  return channelPage(
    call,
    (channel) => channel.kind === 'public' || isIn(channel, call.workspace.app.bot_user_id),
  );
}

function joined(call: Call): JsonObject {
  const bot = call.workspace.app.bot_user_id;
  const user = call.args.text('user') ?? bot;
  if (!call.workspace.people.has(user)) throw new SlackRefusal('user_not_found');
  return channelPage(
    call,
    (channel) => isIn(channel, user) && (channel.kind === 'public' || isIn(channel, bot)),
  );
}

function channelPage(call: Call, wanted: (channel: Channel) => boolean): JsonObject {
  const { workspace, args } = call;
  const types = kindsOf(call);
  const channels = [...workspace.channels.values()]
    .filter((channel) => types.includes(channel.kind) && wanted(channel))
    .filter((channel) => !(args.flag('exclude_archived') && channel.is_archived))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const found = page(channels, (channel) => channel.id, args.text('cursor'), args.limit(100, 1000));
  return {
    channels: found.items.map((channel) => channelObject(workspace, channel, false)),
    ...cursorPart(found),
  };
}

function channelObject(workspace: Workspace, channel: Channel, withCount: boolean): JsonObject {
  const bot = workspace.app.bot_user_id;
  const common = {
    id: channel.id,
    created: channel.created,
    is_archived: channel.is_archived,
    is_im: channel.kind === 'im',
    is_mpim: channel.kind === 'mpim',
    is_org_shared: false,
    context_team_id: workspace.team.id,
    updated: channel.created * 1000,
  };
  if (channel.kind === 'im')
    return { ...common, user: channel.members.find((id) => id !== bot) ?? bot, is_open: true, priority: 0 };
  return {
    ...common,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: channel.kind === 'public',
    is_group: channel.kind === 'private',
    is_private: channel.kind !== 'public',
    is_general: false,
    is_member: isIn(channel, bot),
    is_shared: channel.is_ext_shared,
    is_ext_shared: channel.is_ext_shared,
    is_pending_ext_shared: false,
    shared_team_ids: [workspace.team.id],
    topic: { value: channel.topic, creator: '', last_set: 0 },
    purpose: { value: '', creator: '', last_set: 0 },
    ...(withCount ? { num_members: channel.members.length } : {}),
  };
}
