/**
 * The sandboxes of the demo's install, looked at from outside the bot: the pane shows them, and what is left when the
 * demo ends is closed. Only this file of the playground touches a real adapter, for these sandboxes are real.
 */
import { rm } from 'node:fs/promises';
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
      await rm(doorsDir(machineFrom(options)), { recursive: true, force: true });
    },
  };
}
