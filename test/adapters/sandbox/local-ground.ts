/** A place of its own for local sandboxes in one test; on leaving, everything is closed and nothing may be left. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { installGroups, layoutFrom } from '../../../src/adapters/sandbox/local/cgroup-files.ts';
import { type LocalSandboxes, localSandboxes } from '../../../src/adapters/sandbox/local/local-sandboxes.ts';
import type { LocalOptions } from '../../../src/adapters/sandbox/local/machine.ts';
import { machineFrom, type Place, placeOf } from '../../../src/adapters/sandbox/local/machine.ts';
import { allProcesses, labelsIn } from '../../../src/adapters/sandbox/local/processes.ts';
import { runInside } from '../../../src/adapters/sandbox/local/run-inside.ts';
import { readState, type State } from '../../../src/adapters/sandbox/local/state.ts';
import type { AccessId } from '../../../src/domain/ids.ts';
import type { Sandbox } from '../../../src/ports/sandboxes.ts';
import { newAccess, type SandboxGround, specFor } from '../../contract/sandboxes.ts';

export type LocalGround = SandboxGround & {
  readonly sandboxes: LocalSandboxes;
  readonly options: LocalOptions;
  open(access?: AccessId, lifeMs?: number): Promise<Sandbox>;
  /** Runs a bash script inside. */
  bash(
    access: AccessId,
    script: string,
    timeoutMs?: number,
  ): Promise<{ code: number | undefined; stdout: string; stderr: string }>;
  place(access: AccessId): Place;
  state(access: AccessId): State;
  /** Processes that bear the access's label or run under its user. */
  processes(access: AccessId, uid?: number): readonly number[];
};

export async function localGround(more: Partial<LocalOptions> = {}): Promise<LocalGround> {
  const root = mkdtempSync(join(tmpdir(), 'prod-access-'));
  chmodSync(root, 0o711);
  const install = `t${randomBytes(5).toString('hex')}`;
  const options: LocalOptions = {
    dataDir: join(root, 'data'),
    runDir: join(root, 'run'),
    install,
    limits: 'enforced',
    ...more,
  };
  const sandboxes = localSandboxes(options);
  const machine = machineFrom(options);
  const place = (access: AccessId): Place => placeOf(machine, access);
  return {
    sandboxes,
    another: localSandboxes(options),
    install,
    options,
    opensWithin: 600,
    now: Date.now,
    turnTo: () => undefined,
    open: (access = newAccess(), lifeMs = 60_000) =>
      sandboxes.open(specFor(install, access, Date.now() + lifeMs)),
    bash: (access, script, timeoutMs = 10_000) =>
      runInside(options, access, ['/bin/bash', '-c', script], { timeoutMs }),
    place,
    state(access) {
      const state = readState(place(access));
      if (state === undefined) throw new Error(`no state of ${access}`);
      return state;
    },
    processes: (access, uid) =>
      allProcesses()
        .filter((process) => labelsIn(process.argv)?.access === access || process.uid === uid)
        .map(({ pid }) => pid),
    async [Symbol.asyncDispose]() {
      for (const { labels } of await sandboxes.list()) await sandboxes.close(labels.access);
      // Closing also clears what all sandboxes share, once none is left. The kernel keeps a group until the last of its
      // dead is buried, which may be a moment after it has left the process list.
      await vi.waitFor(
        async () => {
          await sandboxes.close(newAccess());
          expect(groupsLeft(install)).toEqual([]);
        },
        { timeout: 5_000, interval: 50 },
      );
      expect(await sandboxes.list()).toEqual([]);
      expect(existsSync(join(root, 'run', install))).toBe(false);
      const all = join(root, 'data', 'sandboxes');
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

/** Cgroups of the install. */
function groupsLeft(install: string): readonly string[] {
  const layout = layoutFrom(readFileSync('/proc/self/mountinfo', 'utf8'), (at) =>
    readFileSync(`${at}/cgroup.controllers`, 'utf8'),
  );
  return layout === undefined ? [] : installGroups(layout, install).filter((dir) => existsSync(dir));
}
