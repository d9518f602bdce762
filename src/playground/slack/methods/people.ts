/** users.*, usergroups.*, team.info: who is who. */
import { cursorPart, page } from '../pages.ts';
import { type JsonObject, type Person, SlackRefusal, type UserGroup } from '../wire.ts';
import type { Workspace } from '../workspace.ts';
import { type Call, type Method, scope } from './method.ts';

export const peopleMethods: Readonly<Record<string, Method>> = {
  'users.info': { token: 'bot', scopes: scope('users:read'), run: info },
  'users.list': { token: 'bot', scopes: scope('users:read'), run: list },
  'usergroups.list': { token: 'bot', scopes: scope('usergroups:read'), run: groups },
  'usergroups.users.list': { token: 'bot', scopes: scope('usergroups:read'), run: groupUsers },
  'team.info': {
    token: 'bot',
    scopes: scope('team:read'),
    run: ({ workspace }) => ({ team: teamObject(workspace) }),
  },
};

function info({ workspace, args, scopes }: Call): JsonObject {
  const person = workspace.people.get(args.needed('user'));
  if (!person) throw new SlackRefusal('user_not_found');
  return { user: personObject(person, scopes.has('users:read.email')) };
}

function list({ workspace, args, scopes }: Call): JsonObject {
  const everyone = [...workspace.people.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const found = page(everyone, (person) => person.id, args.text('cursor'), args.limit(1000, 1000));
  return {
    members: found.items.map((person) => personObject(person, scopes.has('users:read.email'))),
    cache_ts: Math.floor(workspace.now() / 1000),
    ...cursorPart(found),
  };
}

function groups({ workspace, args }: Call): JsonObject {
  const wanted = [...workspace.userGroups.values()].filter(
    (group) => args.flag('include_disabled') || !group.disabled,
  );
  return {
    usergroups: wanted.map((group) => ({
      ...groupObject(workspace, group),
      ...(args.flag('include_users') ? { users: group.users } : {}),
      ...(args.flag('include_count') ? { user_count: group.users.length } : {}),
    })),
  };
}

function groupUsers({ workspace, args }: Call): JsonObject {
  const group = workspace.userGroups.get(args.needed('usergroup'));
  if (!group || (group.disabled && !args.flag('include_disabled'))) throw new SlackRefusal('no_such_subteam');
  return { users: group.users };
}

function groupObject(workspace: Workspace, group: UserGroup): JsonObject {
  return {
    id: group.id,
    team_id: workspace.team.id,
    is_usergroup: true,
    is_subteam: true,
    name: group.name,
    handle: group.handle,
    description: '',
    is_external: false,
    date_create: 0,
    date_update: 0,
    date_delete: group.disabled ? 1 : 0,
    auto_type: null,
    prefs: { channels: [], groups: [] },
  };
}

/** As in Slack: a deactivated account has only its name and flags, and `is_stranger` stands only where true. */
export function personObject(person: Person, withEmail: boolean): JsonObject {
  const common = {
    id: person.id,
    team_id: person.team_id,
    name: person.name,
    deleted: person.deleted,
    is_bot: person.is_bot,
    is_app_user: false,
    updated: 0,
    profile: {
      real_name: person.real_name,
      real_name_normalized: person.real_name,
      display_name: person.name,
      display_name_normalized: person.name,
      team: person.team_id,
      ...(withEmail && person.email ? { email: person.email } : {}),
    },
    ...(person.is_stranger ? { is_stranger: true } : {}),
  };
  if (person.deleted) return common;
  return {
    ...common,
    real_name: person.real_name,
    tz: person.tz,
    tz_label: person.tz,
    tz_offset: person.tz_offset,
    is_admin: person.is_admin,
    is_owner: false,
    is_primary_owner: false,
    is_restricted: person.is_restricted,
    is_ultra_restricted: person.is_ultra_restricted,
  };
}

function teamObject({ team }: Workspace): JsonObject {
  return { id: team.id, name: team.name, domain: team.domain, email_domain: '', icon: {} };
}
