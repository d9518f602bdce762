/** The ways out of a sandbox, tried on containers with gVisor's kernel. */
import { afterAll, beforeAll } from 'vitest';
import { type TestEngine, testEngine } from './docker-engine.ts';
import { dockerCell } from './ways-out/docker-cell.ts';
import { contained, ending, gvisorWays, otherErrors } from './ways-out/gvisor.ts';
import { waysOutHold } from './ways-out/suite.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await testEngine();
});
afterAll(() => engine[Symbol.asyncDispose]());

waysOutHold(
  'the docker driver with gVisor',
  async (bait) => {
    const cell = await dockerCell(engine, { runtime: 'runsc' });
    return { ...cell, ownWays: [...cell.ownWays, ...gvisorWays(bait)] };
  },
  { contained, otherErrors, ending, patienceMs: 240_000 },
);
