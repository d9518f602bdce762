/** A verb adds itself to its parent command. */
import type { Command } from 'commander';
import type { CliDeps } from './deps.ts';

export type Verb = (parent: Command, deps: CliDeps, finish: (code: number) => void) => void;

/** The flag that every verb has. */
export const jsonFlag = ['--json', 'print JSON, for programs'] as const;

export type WithJson = { readonly json?: true };
