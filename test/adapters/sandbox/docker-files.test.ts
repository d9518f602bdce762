/** Files read out of containers on a private engine, under its usual runtime and under gVisor's. */
import { afterAll, beforeAll } from 'vitest';
import { sandboxFilesContract } from '../../contract/sandbox-files.ts';
import { type TestEngine, testEngine } from './docker-engine.ts';
import { dockerGround } from './docker-ground.ts';
import { importImage } from './docker-image.ts';

let engine: TestEngine;
let image: string;
beforeAll(async () => {
  engine = await testEngine();
  image = await importImage(engine.docker);
});
afterAll(() => engine[Symbol.asyncDispose]());

for (const runtime of [undefined, 'runsc'])
  sandboxFilesContract(
    runtime === undefined ? 'the docker driver' : 'the docker driver with gVisor',
    async () => {
      const ground = await dockerGround(engine, image, runtime === undefined ? {} : { runtime });
      return {
        files: ground.sandboxes,
        sandbox: async () => (await ground.open()).labels.access,
        bash: (access, script) => ground.bash(access, script),
        [Symbol.asyncDispose]: () => ground[Symbol.asyncDispose](),
      };
    },
  );
