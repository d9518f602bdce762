/**
 * The sandboxes of the demo's install, looked at from outside the bot: the pane shows them, and what is left when the
 * demo ends is closed. Only this file of the playground touches a real adapter, for these sandboxes are real.
 */
import { rm, rmdir } from 'node:fs/promises';
import { groupsOf, installGroups } from '../../adapters/sandbox/local/cgroup-files.ts';
import { findCgroups, keepers } from '../../adapters/sandbox/local/cgroups.ts';
import { localSandboxes } from '../../adapters/sandbox/local/local-sandboxes.ts';
import { doorsDir, machineFrom } from '../../adapters/sandbox/local/machine.ts';
import type { Sandbox } from '../../ports/sandboxes.ts';
import { CannotRunDemo } from './cannot-run.ts';

export type DemoSandboxes = AsyncDisposable & { readonly list: () => Promise<readonly Sandbox[]> };

export async function watchSandboxes(dataDir: string, install: string): Promise<DemoSandboxes> {
  const options = { dataDir, install, limits: 'best-effort' } as const;
  const driver = localSandboxes(options);
  const ready = await driver.readiness();
  if (!ready.ready) {
    throw new CannotRunDemo(
      `sandboxes cannot be opened here: ${ready.problem}. What to do: ${ready.remedy}. The demo needs a real sandbox and shows no stand-in.`,
    );
  }
  return {
    list: driver.list,
    [Symbol.asyncDispose]: async () => {
      for (const { labels } of await driver.list()) await driver.close(labels.access);
      // Every start of the demo is an install of its own, so what is kept per install goes too.
      const machine = machineFrom(options);
      await rm(doorsDir(machine), { recursive: true, force: true });
      const cgroups = findCgroups(machine);
      if (cgroups === undefined) return;
      for (const dir of [...groupsOf(cgroups, install, keepers), ...installGroups(cgroups, install)])
        await rmdir(dir).catch(() => {});
    },
  };
}
