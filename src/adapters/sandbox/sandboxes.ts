/** The driver of sandboxes that the configuration names. */
import type { SandboxFiles } from '../../ports/sandbox-files.ts';
import type { Sandboxes } from '../../ports/sandboxes.ts';
import type { Terminals } from '../../ports/terminals.ts';
import { dockerSandboxes } from './docker/docker-sandboxes.ts';
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

export function sandboxesOf(
  choice: DriverChoice,
  house: { readonly dataDir: string; readonly install: string },
): Sandboxes & Terminals & SandboxFiles {
  return choice.driver === 'local'
    ? localSandboxes({ ...house, limits: choice.limits })
    : dockerSandboxes({ ...house, ...choice });
}
