/**
 * An engine of its own for the tests of one file, with an image; and on it a place of its own for docker sandboxes in one
 * test: on leaving, everything is closed and nothing may be left.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import {
  type DockerSandboxes,
  dockerSandboxes,
} from '../../../src/adapters/sandbox/docker/docker-sandboxes.ts';
import { connectEngine } from '../../../src/adapters/sandbox/docker/engine.ts';
import {
  type DockerOptions,
  dockerMachineFrom,
  supervisorMark,
} from '../../../src/adapters/sandbox/docker/machine.ts';
import { runInside } from '../../../src/adapters/sandbox/docker/run-inside.ts';
import { type Place, placeOf } from '../../../src/adapters/sandbox/local/machine.ts';
import {
  allProcesses,
  labelledProcesses,
  pidsOwnedBy,
} from '../../../src/adapters/sandbox/local/processes.ts';
import { readState, type State } from '../../../src/adapters/sandbox/local/state.ts';
import type { AccessId } from '../../../src/domain/ids.ts';
import type { Sandbox, SandboxSpec } from '../../../src/ports/sandboxes.ts';
import { newAccess, type SandboxGround, specFor } from '../../contract/sandboxes.ts';
import { type TestEngine, testEngine } from './docker-engine.ts';
import { importImage } from './docker-image.ts';

export type DockerGround = SandboxGround & {
  readonly sandboxes: DockerSandboxes;
  readonly options: DockerOptions;
  spec(access: AccessId, more?: Partial<SandboxSpec>): SandboxSpec;
  open(access?: AccessId, lifeMs?: number): Promise<Sandbox>;
  /** Runs a bash script inside. */
  bash(
    access: AccessId,
    script: string,
    timeoutMs?: number,
  ): Promise<{ code: number | undefined; stdout: string; stderr: string }>;
  place(access: AccessId): Place;
  state(access: AccessId): State;
  /** Processes of supervisors, and those that run under the sandbox's user. */
  processes(access: AccessId, uid?: number): readonly number[];
};

export type EngineOfFile = {
  readonly engine: TestEngine;
  readonly image: string;
  ground(more?: Partial<DockerOptions>): Promise<DockerGround>;
};

/** Stands while the tests of the file that calls this run, and not before. */
export function engineOfFile(): EngineOfFile {
  let engine: TestEngine | undefined;
  let image: string | undefined;
  beforeAll(async () => {
    engine = await testEngine();
    image = await importImage(engine.docker);
  });
  afterAll(() => engine?.[Symbol.asyncDispose]());
  return {
    get engine() {
      return there(engine);
    },
    get image() {
      return there(image);
    },
    ground: (more) => dockerGround(there(engine), there(image), more),
  };
}

function there<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the engine stands while tests run');
  return part;
}

export async function dockerGround(
  engine: { readonly socketPath: string },
  image: string,
  more: Partial<DockerOptions> = {},
): Promise<DockerGround> {
  const root = mkdtempSync(join(tmpdir(), 'prod-access-'));
  chmodSync(root, 0o711);
  const install = `t${randomBytes(5).toString('hex')}`;
  const options: DockerOptions = {
    dataDir: join(root, 'data'),
    runDir: join(root, 'run'),
    install,
    limits: 'enforced',
    image,
    socketPath: engine.socketPath,
    ...more,
  };
  const sandboxes = dockerSandboxes(options);
  const machine = dockerMachineFrom(options);
  const place = (access: AccessId): Place => placeOf(machine, access);
  const spec = (access: AccessId, change: Partial<SandboxSpec> = {}): SandboxSpec => ({
    ...specFor(install, access, Date.now() + 60_000),
    ...change,
  });
  return {
    sandboxes,
    another: dockerSandboxes(options),
    install,
    options,
    opensWithin: 1_500,
    now: Date.now,
    turnTo: () => undefined,
    spec,
    open: (access = newAccess(), lifeMs = 60_000) =>
      sandboxes.open(spec(access, { deadline: Date.now() + lifeMs })),
    bash: (access, script, timeoutMs = 10_000) =>
      runInside(
        connectEngine(machine.socketPath),
        `prod-access-${install}-${access}`,
        ['/bin/bash', '-c', script],
        { timeoutMs },
      ),
    place,
    state(access) {
      const state = readState(place(access));
      if (state === undefined) throw new Error(`no state of ${access}`);
      return state;
    },
    processes: (access, uid) => [
      ...labelledProcesses(install, allProcesses(), supervisorMark)
        .filter(({ labels }) => labels.access === access)
        .map(({ pid }) => pid),
      ...(uid === undefined ? [] : pidsOwnedBy(uid)),
    ],
    async [Symbol.asyncDispose]() {
      for (const { labels } of await sandboxes.list()) await sandboxes.close(labels.access);
      expect(await sandboxes.list()).toEqual([]);
      expect(labelledProcesses(install, allProcesses(), supervisorMark)).toEqual([]);
      const doors = join(root, 'run', install);
      if (existsSync(doors)) expect(readdirSync(doors)).toEqual([]);
      const all = join(root, 'data', 'docker', 'sandboxes');
      if (existsSync(all))
        expect(
          readdirSync(all)
            .filter((name) => name !== '.kept')
            .toSorted(),
        ).toEqual(['ended', 'locks', 'slots']);
      if (existsSync(all)) expect(readdirSync(join(all, 'slots'))).toEqual([]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}
