/** The docker driver on a private engine keeps what every driver keeps. */
import { afterAll, beforeAll } from 'vitest';
import { sandboxesContract } from '../../contract/sandboxes.ts';
import { terminalsContract } from '../../contract/terminals.ts';
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

sandboxesContract('a container engine', () => dockerGround(engine, image));

terminalsContract('the docker driver', async () => {
  const ground = await dockerGround(engine, image);
  return {
    terminals: ground.sandboxes,
    sandbox: async () => (await ground.open()).labels.access,
    close: (access) => ground.sandboxes.close(access),
    [Symbol.asyncDispose]: () => ground[Symbol.asyncDispose](),
  };
});
