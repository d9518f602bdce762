/**
 * The driver of sandboxes that the configuration names. Only that one is loaded: the client of container engines brings
 * three hundred files of protocols (gRPC, SSH) that a bot with local sandboxes has no use for.
 */
import type { SandboxFiles } from '../../ports/sandbox-files.ts';
import type { Sandboxes } from '../../ports/sandboxes.ts';
import type { Terminals } from '../../ports/terminals.ts';
import { localSandboxes } from './local/local-sandboxes.ts';

export type DriverChoice = { readonly limits: 'enforced' | 'best-effort' } & (
  | { readonly driver: 'local' }
  | {
      readonly driver: 'docker';
      readonly image: string;
      readonly runtime?: string;
      readonly socketPath?: string;
    }
);

export async function sandboxesOf(
  choice: DriverChoice,
  house: { readonly dataDir: string; readonly install: string },
): Promise<Sandboxes & Terminals & SandboxFiles> {
  if (choice.driver === 'local') return localSandboxes({ ...house, limits: choice.limits });
  const { dockerSandboxes } = await import('./docker/docker-sandboxes.ts');
  return dockerSandboxes({ ...house, ...choice });
}
