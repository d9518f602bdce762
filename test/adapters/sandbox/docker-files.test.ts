/**
 * Files read out of containers on a private engine. Under its usual runtime: Debian 12's gVisor of 2022 stalls for
 * seconds where a writer inside is stopped and killed, which this contract does.
 */
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

sandboxFilesContract('the docker driver', async () => {
  const ground = await dockerGround(engine, image);
  return {
    files: ground.sandboxes,
    sandbox: async () => (await ground.open()).labels.access,
    bash: (access, script) => ground.bash(access, script, 30_000),
    [Symbol.asyncDispose]: () => ground[Symbol.asyncDispose](),
  };
});
