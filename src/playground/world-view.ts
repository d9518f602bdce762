/**
 * What stands in the world, as the page's pane shows it: read from IAM, from the sandbox host, from Redis and from the
 * process table, never from the bot's word.
 */
import { z } from 'zod';
import type { RoleView } from './aws/role-view.ts';
import type { BotStatus } from './demo/bot.ts';
import type { Parts } from './demo/parts.ts';
import type { Story } from './demo/story.ts';
import { trailKey } from './demo/trail.ts';
import { workOf } from './demo/workspace.ts';

export type StandingRole = {
  readonly name: string;
  readonly target: string;
  readonly requester: string;
  /** Epoch milliseconds: what the policy `end` says; undefined where there is none. */
  readonly endsAt: number | undefined;
  /** Inline policies, then attached ones. */
  readonly policies: readonly string[];
  readonly revoked: boolean;
  readonly liveSessions: number;
};

export type StandingSandbox = {
  readonly id: string;
  readonly target: string;
  readonly requester: string;
  readonly deadline: number;
  readonly driver: string;
  readonly limitsHeldBy: string;
};

export type WorldView = {
  readonly now: number;
  readonly bot: BotStatus;
  readonly redis: { readonly keys: number; readonly entries: number } | undefined;
  readonly roles: readonly StandingRole[];
  readonly sandboxes: readonly StandingSandbox[] | undefined;
  readonly story: Story | undefined;
  readonly workOf: Readonly<Record<string, string>>;
};

export async function viewWorld({ aws, bot, redis, sandboxes, teller }: Parts): Promise<WorldView> {
  const [keys, entries, boxes] = await Promise.allSettled([
    redis.client.dbsize(),
    redis.client.xlen(trailKey),
    sandboxes.list(),
  ]);
  const known = keys.status === 'fulfilled' && entries.status === 'fulfilled';
  return {
    now: Date.now(),
    bot: bot.status(),
    redis: known ? { keys: keys.value, entries: entries.value } : undefined,
    roles: aws.roles().map(standingRole),
    sandboxes:
      boxes.status === 'rejected'
        ? undefined
        : boxes.value.map(({ labels, deadline, driver, limitsHeldBy }) => ({
            id: labels.access,
            target: labels.target,
            requester: labels.requester,
            deadline,
            driver,
            limitsHeldBy,
          })),
    story: teller.current(),
    workOf,
  };
}

export function standingRole({ name, tags, inline, attached, liveSessions }: RoleView): StandingRole {
  return {
    name,
    target: tags['prod-access:target'] ?? '',
    requester: tags['prod-access:requester'] ?? '',
    endsAt: endIn(inline.end),
    policies: [...Object.keys(inline).sort(), ...attached.map((arn) => arn.slice(arn.lastIndexOf('/') + 1))],
    revoked: 'revoked' in inline,
    liveSessions,
  };
}

const dated = z.looseObject({
  Statement: z.array(
    z.looseObject({
      Effect: z.literal('Deny'),
      Condition: z.looseObject({
        DateGreaterThanEquals: z.looseObject({ 'aws:CurrentTime': z.string() }),
      }),
    }),
  ),
});

/** The instant from which the policy refuses everything. */
function endIn(document: unknown): number | undefined {
  const read = dated.safeParse(document);
  const at = read.data?.Statement[0]?.Condition.DateGreaterThanEquals['aws:CurrentTime'];
  return at === undefined ? undefined : Date.parse(at);
}
