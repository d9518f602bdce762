/**
 * The state of the look-alike workspace: team, people, channels, user groups, messages, ephemerals and open views,
 * with the plain operations on it. It knows no HTTP, no tokens and no delivery. Whoever changes it tells the watchers.
 */
import type { Watchers } from './changes.ts';
import type { ParsedSeed } from './seed.ts';
import type { App, Channel, Ephemeral, Message, Person, Team, UserGroup, View } from './wire.ts';

export type Workspace = {
  readonly team: Team;
  readonly app: App;
  readonly people: Map<string, Person>;
  readonly channels: Map<string, Channel>;
  readonly userGroups: Map<string, UserGroup>;
  /** By channel id, in order of `ts`. */
  readonly messages: Map<string, Message[]>;
  readonly ephemerals: Ephemeral[];
  /** By person: the stack of open modals, the visible one last. */
  readonly views: Map<string, View[]>;
  readonly watchers: Watchers;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A new id, "<prefix>" and a number in base 36: unique in the workspace. */
  readonly nextId: (prefix: string) => string;
  /** A new message timestamp, later than every one before. */
  readonly nextTs: () => string;
};

export function createWorkspace(seed: ParsedSeed, watchers: Watchers, now: () => number): Workspace {
  let lastMicros = 0;
  let lastId = 0;
  const workspace: Workspace = {
    team: seed.team,
    app: seed.app,
    people: new Map(),
    channels: new Map(),
    userGroups: new Map(
      seed.usergroups.map((group) => [group.id, { ...group, name: group.name ?? group.handle }]),
    ),
    messages: new Map(),
    ephemerals: [],
    views: new Map(),
    watchers,
    now,
    nextId: (prefix) => {
      lastId += 1;
      return `${prefix}${lastId.toString(36).toUpperCase().padStart(8, '0')}`;
    },
    nextTs: () => {
      lastMicros = Math.max(lastMicros + 1, Math.floor(now() * 1000));
      return `${Math.floor(lastMicros / 1_000_000)}.${String(lastMicros % 1_000_000).padStart(6, '0')}`;
    },
  };
  workspace.people.set(seed.app.bot_user_id, {
    ...plainPerson(seed, seed.app.bot_user_id, seed.app.name),
    is_bot: true,
  });
  // Slack's own bot says of itself that it is none.
  workspace.people.set(slackbot, plainPerson(seed, slackbot, 'Slackbot'));
  for (const person of seed.people) {
    workspace.people.set(person.id, {
      ...person,
      real_name: person.real_name ?? person.name,
      team_id: person.team_id ?? seed.team.id,
    });
  }
  const everyone = [...workspace.people.values()]
    .filter((person) => person.id !== slackbot && !person.is_bot && !person.deleted)
    .filter(
      (person) => !person.is_restricted && !person.is_ultra_restricted && person.team_id === seed.team.id,
    )
    .map((person) => person.id);
  for (const { is_private, is_member, members, ...channel } of seed.channels) {
    const inside = (members ?? everyone).filter((id) => id !== seed.app.bot_user_id);
    workspace.channels.set(channel.id, {
      ...channel,
      kind: is_private ? 'private' : 'public',
      created: Math.floor(now() / 1000),
      members: is_member ? [...inside, seed.app.bot_user_id] : inside,
    });
  }
  return workspace;
}

/** The account in whose name Slack itself speaks to one person. */
export const slackbot = 'USLACKBOT';

function plainPerson(seed: ParsedSeed, id: string, name: string): Person {
  return {
    id,
    team_id: seed.team.id,
    name: name.toLowerCase().replaceAll(' ', '-'),
    real_name: name,
    tz: 'Etc/UTC',
    tz_offset: 0,
    is_admin: false,
    is_bot: false,
    deleted: false,
    is_restricted: false,
    is_ultra_restricted: false,
    is_stranger: false,
  };
}

/** The direct-message channel between the app and these people, made if there is none yet. */
export function openDirect(
  workspace: Workspace,
  users: readonly string[],
): { channel: Channel; isNew: boolean } {
  const members = [...new Set([...users, workspace.app.bot_user_id])].sort();
  for (const channel of workspace.channels.values()) {
    const direct = channel.kind === 'im' || channel.kind === 'mpim';
    if (direct && [...channel.members].sort().join() === members.join()) return { channel, isNew: false };
  }
  const kind = users.length === 1 ? 'im' : 'mpim';
  const channel: Channel = {
    id: workspace.nextId(kind === 'im' ? 'D' : 'G'),
    kind,
    name: kind === 'im' ? 'directmessage' : `mpdm-${users.join('--')}`.toLowerCase(),
    is_archived: false,
    is_ext_shared: false,
    topic: '',
    created: Math.floor(workspace.now() / 1000),
    members,
  };
  workspace.channels.set(channel.id, channel);
  workspace.watchers.tell({ kind: 'directory', id: channel.id });
  return { channel, isNew: true };
}

/** Changes a person, a channel or a user group as an admin would; unknown ids are a mistake of the caller's. */
export function amend(workspace: Workspace, id: string, patch: Partial<Person & Channel & UserGroup>): void {
  for (const table of [workspace.people, workspace.channels, workspace.userGroups] as Map<
    string,
    unknown
  >[]) {
    const row = table.get(id);
    if (row === undefined) continue;
    table.set(id, { ...row, ...patch, id });
    workspace.watchers.tell({ kind: 'directory', id });
    return;
  }
  throw new RangeError(`the workspace has no ${id}`);
}

export function isIn(channel: Channel, user: string): boolean {
  return channel.members.includes(user);
}

/** Whether this person's client shows the channel: its members, and for public channels everyone of the workspace. */
export function maySee(workspace: Workspace, channel: Channel, user: string): boolean {
  if (isIn(channel, user)) return true;
  const person = workspace.people.get(user);
  const guest = !person || person.is_restricted || person.is_ultra_restricted;
  return channel.kind === 'public' && !guest && person.team_id === workspace.team.id;
}
