/**
 * Shells inside a sandbox, each on a terminal of its own.
 *
 * - The shell is started by the sandbox's own first process, so it stands behind the same fence as everything inside;
 *   it is never joined to the sandbox from outside.
 * - `stream` carries the terminal's bytes both ways and holds back: what is not read makes the shell wait, what the
 *   shell does not read makes the writer wait. It ends when the shell ends; destroying it hangs the terminal up.
 * - A keeper throws `SandboxFault` and nothing else.
 */
import type { Duplex } from 'node:stream';
import type { AccessId } from '../domain/ids.ts';

/** Columns and rows of characters. */
export type TerminalSize = { readonly cols: number; readonly rows: number };

export type Terminal = {
  readonly stream: Duplex;
  /** The programs inside are told (SIGWINCH). A size for a terminal that has ended is dropped. */
  resize(size: TerminalSize): Promise<void>;
};

export interface Terminals {
  /** Throws `SandboxFault` `gone` where no sandbox stands. */
  terminal(access: AccessId, size: TerminalSize): Promise<Terminal>;
}
