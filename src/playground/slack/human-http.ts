/**
 * The human's side over HTTP, for the playground's page and for tests in another process:
 *
 *   GET  /_human/workspace                                 team, app, people, channels, usergroups
 *   GET  /_human/channels?user  /_human/messages?channel&user  /_human/view?user
 *   GET  /_human/events                                    Server-Sent Events, one `Change` each
 *   POST /_human/command {user, channel, command, text}
 *   POST /_human/click   {user, channel, ts, action, value}
 *   POST /_human/click-view {user, view, action, value, values}
 *   POST /_human/submit  {user, view, values}   /_human/close {user, view}
 *   POST /_human/suggest {user, action, query, view | channel and ts}
 *   POST /_human/direct  {user}   /_human/say {user, channel, text, thread_ts}   /_human/delete {user, channel, ts}
 *   POST /_human/sign-in {user, url}                       gives {location}, where the browser is sent
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { SlackLookalike } from './contract.ts';
import { answerRoutes, isForeign, type Route, taking } from './local-http.ts';

const user = z.string();
const place = { channel: z.string(), ts: z.string() };

export async function answerHuman(
  lookalike: SlackLookalike,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  if (url.pathname === '/_human/events' && request.method === 'GET' && !isForeign(request))
    return stream(lookalike, response);
  return answerRoutes(routesOf(lookalike), request, response, url);
}

function routesOf({ human, workspace, signIn }: SlackLookalike): Readonly<Record<string, Route>> {
  return {
    'GET /_human/workspace': () => ({
      team: workspace.team,
      app: workspace.app,
      people: [...workspace.people.values()],
      channels: [...workspace.channels.values()],
      usergroups: [...workspace.userGroups.values()],
    }),
    'GET /_human/channels': taking(z.object({ user }), (q) => human.channels(q.user)),
    'GET /_human/messages': taking(z.object({ user, channel: z.string() }), (q) =>
      human.messages(q.channel, q.user),
    ),
    'GET /_human/view': taking(z.object({ user }), (q) => human.openView(q.user) ?? null),
    'POST /_human/command': taking(
      z.object({ user, channel: z.string(), command: z.string(), text: z.string().default('') }),
      (q) => human.command(q.user, q.channel, q.command, q.text),
    ),
    'POST /_human/click': taking(z.object({ user, ...place, action: z.string(), value: z.unknown() }), (q) =>
      human.click(q.user, q, q.action, q.value),
    ),
    'POST /_human/click-view': taking(
      z.object({
        user,
        view: z.string(),
        action: z.string(),
        value: z.unknown(),
        values: z.record(z.string(), z.unknown()).default({}),
      }),
      (q) => human.clickInView(q.user, q.view, q.action, q.value, q.values),
    ),
    'POST /_human/submit': taking(
      z.object({ user, view: z.string(), values: z.record(z.string(), z.unknown()).default({}) }),
      (q) => human.submitView(q.user, q.view, q.values),
    ),
    'POST /_human/close': taking(z.object({ user, view: z.string() }), (q) =>
      human.closeView(q.user, q.view),
    ),
    'POST /_human/suggest': taking(
      z.object({
        user,
        action: z.string(),
        query: z.string(),
        view: z.string().optional(),
        channel: z.string().default(''),
        ts: z.string().default(''),
      }),
      (q) => human.suggest(q.user, q.view === undefined ? q : { view: q.view }, q.action, q.query),
    ),
    'POST /_human/direct': taking(z.object({ user }), (q) => ({ channel: human.openDirect(q.user) })),
    'POST /_human/say': taking(
      z.object({ user, channel: z.string(), text: z.string(), thread_ts: z.string().optional() }),
      (q) => human.say(q.user, q.channel, q.text, q.thread_ts),
    ),
    'POST /_human/sign-in': taking(z.object({ user, url: z.string() }), async (q) => ({
      location: await signIn(q.url, q.user),
    })),
    'POST /_human/delete': taking(z.object({ user, ...place }), (q) => human.remove(q.user, q)),
  };
}

/** Changes as they happen. The page reads the state afresh for each: a change carries ids only. */
function stream({ onChange }: SlackLookalike, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': listening\n\n');
  const stop = onChange((change) => response.write(`data: ${JSON.stringify(change)}\n\n`));
  response.on('close', stop);
}
