/** The same promises under gVisor, whose kernel is its own. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll } from 'vitest';
import { sandboxesContract } from '../../contract/sandboxes.ts';
import { terminalsContract } from '../../contract/terminals.ts';
import { type TestEngine, testEngine } from './docker-engine.ts';
import { dockerGround } from './docker-ground.ts';
import { importImage } from './docker-image.ts';

let engine: TestEngine;
let image: string;
beforeAll(async () => {
  execFileSync('runsc', ['--version']);
  engine = await testEngine();
  image = await importImage(engine.docker);
});
afterAll(() => engine[Symbol.asyncDispose]());

sandboxesContract('a container engine with gVisor', async () => ({
  ...(await dockerGround(engine, image, { runtime: 'runsc' })),
  // A kernel starts first.
  opensWithin: 2_000,
}));

terminalsContract(
  'the docker driver with gVisor',
  async () => {
    const ground = await dockerGround(engine, image, { runtime: 'runsc' });
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
