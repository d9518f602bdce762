/** What of Slack's payloads is used, and nothing else: it is input, never authority. */
import { z } from 'zod';
import type { Person } from '../../domain/people.ts';
import { cleanText } from '../../domain/request.ts';

export const commandPayload = z.looseObject({
  user_id: z.string(),
  user_name: z.string().default(''),
  team_id: z.string(),
  text: z.string().default(''),
  trigger_id: z.string(),
});

export const clickPayload = z.looseObject({
  user: z.looseObject({ id: z.string(), name: z.string().optional(), username: z.string().optional() }),
  team: z.looseObject({ id: z.string() }).nullish(),
  trigger_id: z.string(),
  container: z.looseObject({ channel_id: z.string().optional(), message_ts: z.string().optional() }),
  actions: z.array(z.looseObject({ action_id: z.string(), value: z.string().optional() })).min(1),
});

export const viewPayload = z.looseObject({
  user: z.looseObject({ id: z.string(), name: z.string().optional() }),
  team: z.looseObject({ id: z.string() }).nullish(),
  view: z.looseObject({
    callback_id: z.string(),
    private_metadata: z.string().default(''),
    state: z.looseObject({
      values: z.record(
        z.string(),
        z.record(
          z.string(),
          z.looseObject({
            value: z.string().nullish(),
            selected_option: z.looseObject({ value: z.string() }).nullish(),
          }),
        ),
      ),
    }),
  }),
});

/** A name is for reading: one line, and short. */
export function personOf(id: string, name = ''): Person {
  const clean = cleanText(name, 80);
  return { id, name: clean === '' ? id : clean };
}

export const denyContext = z.object({ access: z.string(), channel: z.string(), ts: z.string() });
