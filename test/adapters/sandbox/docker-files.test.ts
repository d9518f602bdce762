/**
 * Files read out of containers on a private engine. Under its usual runtime: Debian 12's gVisor of 2022 stalls for
 * seconds where a writer inside is stopped and killed, which this contract does.
 */
import { sandboxFilesContract } from '../../contract/sandbox-files.ts';
import { engineOfFile } from './docker-ground.ts';

const host = engineOfFile();

sandboxFilesContract('the docker driver', async () => {
  const ground = await host.ground();
  return {
    files: ground.sandboxes,
    sandbox: async () => (await ground.open()).labels.access,
    bash: (access, script) => ground.bash(access, script, 30_000),
    [Symbol.asyncDispose]: () => ground[Symbol.asyncDispose](),
  };
});
