/** The same promises under gVisor, whose kernel is its own. */
import { execFileSync } from 'node:child_process';
import { beforeAll } from 'vitest';
import { sandboxesContract } from '../../contract/sandboxes.ts';
import { terminalsContract } from '../../contract/terminals.ts';
import { engineOfFile } from './docker-ground.ts';

beforeAll(() => {
  execFileSync('runsc', ['--version']);
});
const host = engineOfFile();

sandboxesContract('a container engine with gVisor', async () => ({
  ...(await host.ground({ runtime: 'runsc' })),
  // A kernel starts first.
  opensWithin: 2_000,
}));

terminalsContract(
  'the docker driver with gVisor',
  async () => {
    const ground = await host.ground({ runtime: 'runsc' });
    return {
      terminals: ground.sandboxes,
      sandbox: async () => (await ground.open()).labels.access,
      close: (access) => ground.sandboxes.close(access),
      [Symbol.asyncDispose]: () => ground[Symbol.asyncDispose](),
    };
  },
  // The gVisor of Debian 12 is of 2022, and learned of Ctrl-C in terminals made inside in 2023.
  { keysInterrupt: false },
);
