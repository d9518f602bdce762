/** Who the bot is in Slack. Asked when first needed, and again until Slack answers: the bot lives without it. */
import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { faultFrom } from './client.ts';

const authTest = z.looseObject({ team_id: z.string(), user_id: z.string(), bot_id: z.string().optional() });

export type SlackIdentity = { readonly team: string; readonly user: string; readonly botId: string };

export function slackIdentity(client: WebClient): () => Promise<SlackIdentity> {
  let known: SlackIdentity | undefined;
  return async () => {
    if (known !== undefined) return known;
    try {
      const { team_id, user_id, bot_id } = authTest.parse(await client.auth.test());
      known = { team: team_id, user: user_id, botId: bot_id ?? '' };
      return known;
    } catch (error) {
      throw faultFrom('auth.test', error);
    }
  };
}
