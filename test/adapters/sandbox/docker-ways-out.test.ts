/** The ways out of a sandbox, tried on containers that share the host's kernel. */
import { afterAll, beforeAll } from 'vitest';
import { type TestEngine, testEngine } from './docker-engine.ts';
import { dockerCell } from './ways-out/docker-cell.ts';
import { waysOutHold } from './ways-out/suite.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await testEngine();
});
afterAll(() => engine[Symbol.asyncDispose]());

// Each call is the engine's to start: on two cores with other work all of a kind took 40 s.
waysOutHold('the docker driver', () => dockerCell(engine), { patienceMs: 120_000 });
