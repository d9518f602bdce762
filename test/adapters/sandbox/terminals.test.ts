import { terminalsContract } from '../../contract/terminals.ts';
import { localGround } from './local-ground.ts';

terminalsContract('the local driver', async () => {
  const ground = await localGround();
  return {
    terminals: ground.sandboxes,
    sandbox: async () => (await ground.open()).labels.access,
    close: (access) => ground.sandboxes.close(access),
    [Symbol.asyncDispose]: () => ground[Symbol.asyncDispose](),
  };
});
