import { awsGrants } from '../../../src/adapters/aws/grants.ts';
import type { AccessId } from '../../../src/domain/ids.ts';
import { GrantFault } from '../../../src/ports/grants.ts';
import { type GrantsUnderTest, grantsContract } from '../../contract/grants.ts';
import { type GrantStore, memoryGrants } from '../../support/memory-grants.ts';
import { canWork, credentialsOf, handClock, startWorld, tap } from './world.ts';

grantsContract('memory', async (): Promise<GrantsUnderTest> => {
  const clock = handClock();
  const store: GrantStore = new Map();
  const grants = memoryGrants({ clock, store });
  return {
    grants,
    stranger: memoryGrants({ clock, store, install: 'ffffffffffff' }),
    clock,
    vend: async (access, requester) => {
      const works = grants.wear(access, requester);
      return async () => works();
    },
    loseAnswer: (verb) =>
      grants.fail(verb, new GrantFault('unavailable', 'lost', { retryable: true }), { when: 'after' }),
    async [Symbol.asyncDispose]() {},
  };
});

for (const propagationMs of [0, 4_000])
  grantsContract(`IAM, ${propagationMs} ms slow`, async (): Promise<GrantsUnderTest> => {
    const world = await startWorld({ propagationMs });
    const { clock, deps } = world;
    let lose: string | undefined;
    const tapped = tap(world.clients, (_, command) => {
      if (command !== lose) return;
      lose = undefined;
      throw new Error('the answer was lost');
    });
    return {
      grants: awsGrants({ ...deps, ...tapped }),
      stranger: world.stranger,
      clock,
      vend: async (access: AccessId, requester: string) => {
        const vended = await credentialsOf(world, access, requester).catch(() => undefined);
        return async () => vended !== undefined && (await canWork(world, vended));
      },
      loseAnswer: (verb) => {
        lose = verb === 'issue' ? 'CreateRoleCommand' : 'DeleteRoleCommand';
      },
      [Symbol.asyncDispose]: world[Symbol.asyncDispose],
    };
  });
