import { sandboxesContract } from '../../contract/sandboxes.ts';
import { memorySandboxes } from '../../support/memory-sandboxes.ts';
import { localGround } from './local-ground.ts';

sandboxesContract('bubblewrap on this host', () => localGround());

sandboxesContract('memory', async () => {
  const sandboxes = memorySandboxes('twin', 1_000_000);
  return {
    sandboxes,
    another: sandboxes,
    install: 'twin',
    opensWithin: 600,
    now: () => sandboxes.clock.now,
    turnTo: (instant) => {
      sandboxes.clock.now = instant;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
});
