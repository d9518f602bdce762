/** The scopes that the app asks for, each with what needs it. The manifest and `doctor` are held against this list. */
export const neededScopes: Readonly<Record<string, string>> = {
  'chat:write': 'chat.postMessage, chat.update and chat.postEphemeral',
  commands: '/prod-access',
  'im:write': 'conversations.open',
  'im:history': 'conversations.history of direct messages',
  'channels:read': 'conversations.info',
  'groups:read': 'conversations.info of private channels',
  'channels:history': 'conversations.history',
  'groups:history': 'conversations.history of private channels',
  'users:read': 'users.info',
  'usergroups:read': 'usergroups.users.list',
};
