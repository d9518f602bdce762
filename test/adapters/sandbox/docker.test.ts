/** The docker driver on a private engine keeps what every driver keeps. */
import { sandboxesContract } from '../../contract/sandboxes.ts';
import { terminalsContract } from '../../contract/terminals.ts';
import { engineOfFile } from './docker-ground.ts';

const host = engineOfFile();

sandboxesContract('a container engine', () => host.ground());

terminalsContract('the docker driver', async () => {
  const ground = await host.ground();
  return {
    terminals: ground.sandboxes,
    sandbox: async () => (await ground.open()).labels.access,
    close: (access) => ground.sandboxes.close(access),
    [Symbol.asyncDispose]: () => ground[Symbol.asyncDispose](),
  };
});
