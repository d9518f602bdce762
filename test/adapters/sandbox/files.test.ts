import { sandboxFilesContract } from '../../contract/sandbox-files.ts';
import { localGround } from './local-ground.ts';

sandboxFilesContract('the local driver', async () => {
  const ground = await localGround();
  return {
    files: ground.sandboxes,
    sandbox: async () => (await ground.open()).labels.access,
    bash: (access, script) => ground.bash(access, script),
    [Symbol.asyncDispose]: () => ground[Symbol.asyncDispose](),
  };
});
