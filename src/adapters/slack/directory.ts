/**
 * People and groups from Slack, kept for at most four minutes so that no fact that decides is older than five. A
 * look-up that fails leaves its subject out and names it: the domain then denies.
 */
import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { Account, Facts, PersonId } from '../../domain/people.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Directory } from '../../ports/directory.ts';
import { retryAfterMs, slackError } from './client.ts';
import type { SlackIdentity } from './identity.ts';

const freshForMs = 4 * 60_000;

const userInfo = z.looseObject({
  user: z.looseObject({
    id: z.string(),
    team_id: z.string(),
    name: z.string(),
    real_name: z.string().optional(),
    deleted: z.boolean().default(false),
    is_bot: z.boolean().default(false),
    is_restricted: z.boolean().default(false),
    is_ultra_restricted: z.boolean().default(false),
    is_stranger: z.boolean().default(false),
  }),
});
const groupUsers = z.looseObject({ users: z.array(z.string()) });

export type SlackDirectoryDeps = {
  readonly client: WebClient;
  readonly identity: () => Promise<SlackIdentity>;
  readonly clock: Pick<Clock, 'now'>;
};

export function slackDirectory({ client, identity, clock }: SlackDirectoryDeps): Directory {
  const accounts = remember<Account>(clock, async (id) => {
    const { user } = userInfo.parse(await twice(() => client.users.info({ user: id })));
    return {
      id: user.id,
      team: user.team_id,
      name: user.real_name ?? user.name,
      deleted: user.deleted,
      bot: user.is_bot || user.id === 'USLACKBOT',
      restricted: user.is_restricted,
      ultraRestricted: user.is_ultra_restricted,
      stranger: user.is_stranger,
    };
  });
  const usergroups = remember<ReadonlySet<PersonId>>(clock, async (id) => {
    const found = await twice(() => client.usergroups.users.list({ usergroup: id }));
    return new Set(groupUsers.parse(found).users);
  });

  return {
    facts: async (policy, groups, people): Promise<Facts> => {
      const missing: string[] = [];
      const tried = async <T>(name: string, look: Promise<T>): Promise<T | undefined> => {
        try {
          return await look;
        } catch {
          missing.push(name);
          return undefined;
        }
      };
      const [who, members, found] = await Promise.all([
        tried('this workspace', identity()),
        Promise.all(
          groups.map(async (name) => {
            const { users, usergroup } = policy.groups[name] ?? {};
            if (usergroup === undefined) return [name, new Set(users ?? [])] as const;
            return [name, await tried(name, usergroups(usergroup))] as const;
          }),
        ),
        Promise.all(people.map(async (id) => [id, await tried(id, accounts(id))] as const)),
      ]);
      return {
        // No account is of the team '': while Slack does not say which team this is, nobody is eligible.
        team: who?.team ?? '',
        members: Object.fromEntries(
          members.filter((each): each is readonly [string, Set<string>] => each[1] !== undefined),
        ),
        accounts: Object.fromEntries(
          found.filter((each): each is readonly [string, Account] => each[1] !== undefined),
        ),
        missing,
      };
    },
  };
}

/** Reading is safe to repeat: one broken connection must not cost anybody their vote. */
async function twice<T>(look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (slackError(error) !== undefined || retryAfterMs(error) !== undefined) throw error;
    return look();
  }
}

/** Keeps answers for {@link freshForMs}; failures are not kept, and calls under way are shared. */
function remember<T>(
  clock: Pick<Clock, 'now'>,
  look: (id: string) => Promise<T>,
): (id: string) => Promise<T> {
  const kept = new Map<string, { readonly at: number; readonly answer: Promise<T> }>();
  return (id) => {
    const hit = kept.get(id);
    const age = hit === undefined ? Number.POSITIVE_INFINITY : clock.now() - hit.at;
    if (hit !== undefined && age >= 0 && age < freshForMs) return hit.answer;
    const answer = look(id);
    kept.set(id, { at: clock.now(), answer });
    answer.catch(() => kept.delete(id));
    return answer;
  };
}
