/**
 * What a workspace starts with, as a test or a seed file writes it: only what matters must be said, the rest has
 * plain defaults. Everything is checked here once, so that the store can trust it.
 */
import { z } from 'zod';
import { redirectUrlSchema } from './openid/redirect-urls.ts';

const personSeed = z.strictObject({
  id: z.string().regex(/^[UW][A-Z0-9]+$/),
  name: z.string(),
  real_name: z.string().optional(),
  email: z.string().optional(),
  tz: z.string().default('Etc/UTC'),
  tz_offset: z.int().default(0),
  /** Default: the workspace's own. */
  team_id: z.string().optional(),
  is_admin: z.boolean().default(false),
  is_bot: z.boolean().default(false),
  deleted: z.boolean().default(false),
  is_restricted: z.boolean().default(false),
  is_ultra_restricted: z.boolean().default(false),
  is_stranger: z.boolean().default(false),
});

const channelSeed = z.strictObject({
  id: z.string().regex(/^[CG][A-Z0-9]+$/),
  name: z.string(),
  is_private: z.boolean().default(false),
  is_archived: z.boolean().default(false),
  is_ext_shared: z.boolean().default(false),
  /** Whether the app was invited. */
  is_member: z.boolean().default(true),
  topic: z.string().default(''),
  /** Default: everyone of the workspace, guests excepted. */
  members: z.array(z.string()).optional(),
});

const userGroupSeed = z.strictObject({
  id: z.string().regex(/^S[A-Z0-9]+$/),
  handle: z.string(),
  name: z.string().optional(),
  disabled: z.boolean().default(false),
  users: z.array(z.string()).default([]),
});

/** The parts of an app manifest that the look-alike enforces; everything else in it is let through unread. */
export const manifestSchema = z.looseObject({
  oauth_config: z
    .looseObject({
      scopes: z.looseObject({ bot: z.array(z.string()).default([]) }),
      redirect_urls: z.array(redirectUrlSchema).default([]),
    })
    .optional(),
  features: z
    .looseObject({ slash_commands: z.array(z.looseObject({ command: z.string() })).optional() })
    .optional(),
  settings: z
    .looseObject({ interactivity: z.looseObject({ is_enabled: z.boolean().optional() }).optional() })
    .optional(),
});

export const seedSchema = z.strictObject({
  team: z
    .strictObject({
      id: z.string().default('T0LOOKALIKE'),
      domain: z.string().default('lookalike'),
      name: z.string().default('Look-alike'),
    })
    .prefault({}),
  app: z
    .strictObject({
      id: z.string().default('A0LOOKALIKE'),
      bot_id: z.string().default('B0LOOKALIKE'),
      bot_user_id: z.string().default('U0BOT'),
      name: z.string().default('prod-access'),
    })
    .prefault({}),
  people: z.array(personSeed).default([]),
  channels: z.array(channelSeed).default([]),
  usergroups: z.array(userGroupSeed).default([]),
});

export type Manifest = z.input<typeof manifestSchema>;
export type Seed = z.input<typeof seedSchema>;
export type ParsedSeed = z.output<typeof seedSchema>;
