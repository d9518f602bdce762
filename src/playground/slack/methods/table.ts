/** Every Web API method that the look-alike knows, by name. */
import { chatMethods } from './chat.ts';
import { conversationMethods } from './conversations.ts';
import { historyMethods } from './history.ts';
import { type Method, noScope, scope } from './method.ts';
import { peopleMethods } from './people.ts';
import { viewMethods } from './views.ts';

const appMethods: Readonly<Record<string, Method>> = {
  'api.test': { token: 'any', scopes: noScope, run: ({ args }) => ({ args: args.raw }) },
  'auth.test': {
    token: 'any',
    scopes: noScope,
    run: ({ workspace: { app, team, people }, origin }) => ({
      url: `${origin}/`,
      team: team.name,
      user: people.get(app.bot_user_id)?.name ?? app.name,
      team_id: team.id,
      user_id: app.bot_user_id,
      bot_id: app.bot_id,
      app_id: app.id,
      is_enterprise_install: false,
    }),
  },
  'apps.connections.open': {
    token: 'app',
    scopes: scope('connections:write'),
    run: ({ socketUrl }) => ({ url: socketUrl() }),
  },
};

export const methods: ReadonlyMap<string, Method> = new Map(
  Object.entries({
    ...appMethods,
    ...chatMethods,
    ...conversationMethods,
    ...historyMethods,
    ...peopleMethods,
    ...viewMethods,
  }),
);
