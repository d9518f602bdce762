/** The manifest asks for what the code calls, and for nothing else. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { neededScopes } from '../../../src/adapters/slack/scopes.ts';
import { callbackPath } from '../../../src/doors/web/sign-in.ts';

const manifest = z
  .looseObject({
    features: z.looseObject({
      bot_user: z.looseObject({ display_name: z.string() }),
      slash_commands: z.array(
        z.looseObject({ command: z.string(), url: z.url(), should_escape: z.boolean() }),
      ),
    }),
    oauth_config: z.looseObject({
      redirect_urls: z.array(z.url()),
      scopes: z.strictObject({ bot: z.array(z.string()), user: z.array(z.string()) }),
    }),
    settings: z.looseObject({
      interactivity: z.looseObject({ is_enabled: z.boolean(), request_url: z.url() }),
      socket_mode_enabled: z.boolean(),
      event_subscriptions: z.undefined().optional(),
    }),
  })
  .parse(parse(readFileSync('manifest.yml', 'utf8')));

/**
 * What each method needs, by docs.slack.dev/reference/methods. The kinds of channel are those that the bot touches:
 * public and private ones that the policy names, and its own direct messages.
 */
const scopesOf: Readonly<Record<string, readonly string[]>> = {
  'auth.test': [],
  'chat.postEphemeral': ['chat:write'],
  'chat.postMessage': ['chat:write'],
  'chat.update': ['chat:write'],
  'conversations.history': ['channels:history', 'groups:history', 'im:history'],
  'conversations.info': ['channels:read', 'groups:read'],
  'conversations.open': ['im:write'],
  'conversations.replies': ['channels:history', 'groups:history', 'im:history'],
  'usergroups.users.list': ['usergroups:read'],
  'users.info': ['users:read'],
  'views.open': [],
};

function methodsCalled(): readonly string[] {
  const folders = ['src/adapters/slack', 'src/doors/slack'];
  const text = folders
    .flatMap((folder) => readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, 'utf8')))
    .join('\n');
  const calls = text.matchAll(/\bclient((?:\s*\.\s*[a-zA-Z]+){2,})\s*\(/g);
  return [...new Set([...calls].map(([, path = '']) => path.replace(/\s/g, '').slice(1)))].sort();
}

describe('manifest.yml', () => {
  const scopes = manifest.oauth_config.scopes.bot;

  it('asks for the scopes that the methods called need, and no others', () => {
    const methods = methodsCalled();
    expect(methods).toEqual(Object.keys(scopesOf));
    const needed = new Set(['commands', ...methods.flatMap((method) => scopesOf[method] ?? [])]);
    expect(scopes.toSorted()).toEqual([...needed].sort());
  });

  it('asks for what doctor looks for', () => {
    expect(scopes.toSorted()).toEqual(Object.keys(neededScopes).sort());
    expect(new Set(scopes).size).toBe(scopes.length);
  });

  it('lets people sign in, and learns nothing of them but who they are', () => {
    const { redirect_urls, scopes: asked } = manifest.oauth_config;
    expect(redirect_urls.map((url) => new URL(url).pathname)).toEqual([callbackPath]);
    expect(asked.user).toEqual(['openid', 'profile']);
  });

  it('names the command and one address for commands and clicks', () => {
    const { slash_commands } = manifest.features;
    const { interactivity, socket_mode_enabled } = manifest.settings;
    expect(slash_commands.map(({ command }) => command)).toEqual(['/prod-access']);
    expect(interactivity.is_enabled).toBe(true);
    expect(interactivity.request_url).toBe(slash_commands[0]?.url);
    expect(new URL(interactivity.request_url).pathname).toBe('/slack/events');
    // Escaped text would bring mentions in another form than the one that people typed.
    expect(slash_commands[0]?.should_escape).toBe(false);
    expect(socket_mode_enabled).toBe(false);
  });
});
