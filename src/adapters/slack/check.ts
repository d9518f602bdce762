/** What `doctor` asks Slack: is the token good, are the scopes there, does the bot see its channels? Changes nothing. */
import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { slackError } from './client.ts';
import { neededScopes } from './scopes.ts';

export type SlackFinding = {
  readonly check: string;
  readonly ok: boolean;
  readonly says: string;
  readonly remedy?: string;
};

const authAnswer = z.looseObject({
  team: z.string().optional(),
  response_metadata: z.looseObject({ scopes: z.array(z.string()).optional() }).optional(),
});
const infoAnswer = z.looseObject({
  channel: z.looseObject({
    name: z.string().optional(),
    is_member: z.boolean().optional(),
    is_ext_shared: z.boolean().optional(),
  }),
});

/** `channels`: what each is for -> its id. Never throws. */
export async function checkSlack(
  client: WebClient,
  channels: Readonly<Record<string, string>>,
): Promise<readonly SlackFinding[]> {
  let auth: z.output<typeof authAnswer>;
  try {
    auth = authAnswer.parse(await client.auth.test());
  } catch (error) {
    const name = slackError(error);
    return [
      name === undefined
        ? {
            check: 'Slack answers',
            ok: false,
            says: 'Slack does not answer',
            remedy: 'look at SLACK_API_URL and the way out of this host',
          }
        : {
            check: 'Slack token',
            ok: false,
            says: `Slack says ${name}`,
            remedy: "set SLACK_BOT_TOKEN to the app's bot token (xoxb-…) of this workspace",
          },
    ];
  }
  const granted = auth.response_metadata?.scopes ?? [];
  const missing = Object.keys(neededScopes).filter((scope) => !granted.includes(scope));
  return [
    { check: 'Slack token', ok: true, says: `good for ${auth.team ?? 'the workspace'}` },
    {
      check: 'Slack scopes',
      ok: missing.length === 0,
      says:
        missing.length === 0
          ? 'all there'
          : `missing: ${missing.map((scope) => `${scope} (for ${neededScopes[scope]})`).join(', ')}`,
      remedy: 'update the app from manifest.yml and install it again',
    },
    ...(await Promise.all(Object.entries(channels).map(([what, id]) => checkChannel(client, what, id)))),
  ];
}

async function checkChannel(client: WebClient, what: string, id: string): Promise<SlackFinding> {
  const check = `${what} channel`;
  try {
    const { channel } = infoAnswer.parse(await client.conversations.info({ channel: id }));
    if (channel.is_ext_shared === true) {
      return {
        check,
        ok: false,
        says: `#${channel.name} is shared with another organisation`,
        remedy: 'use a channel that only this workspace reads',
      };
    }
    if (channel.is_member === false) {
      return {
        check,
        ok: false,
        says: `the bot is not in #${channel.name}`,
        remedy: `/invite @prod-access in #${channel.name}`,
      };
    }
    return { check, ok: true, says: `#${channel.name ?? id}` };
  } catch (error) {
    return {
      check,
      ok: false,
      says: `${id}: ${slackError(error) ?? 'no answer'}`,
      remedy: 'name the channel by its id in the policy, and invite the bot into it',
    };
  }
}
