/**
 * Files inside a sandbox, read out of it.
 *
 * - The file is opened and read by a process inside, behind the same fence as everything there. The host never follows a
 *   path of the sandbox's, and takes what comes as the claim of that process.
 * - Only an ordinary file is read, and only where what was opened lies in one of the `ownPlaces`, whatever links led there.
 * - `stream` carries exactly `bytes` bytes, as many as the file had when it was opened, or fails; it holds back, and what
 *   takes too long fails. More than was asked for never comes, whatever the file turns into meanwhile.
 * - A keeper throws `SandboxFault` and nothing else; the stream fails with one too.
 */
import type { Readable } from 'node:stream';
import type { AccessId } from '../domain/ids.ts';
import type { FileFlaw } from '../domain/own-path.ts';

export type ReadFile =
  | { readonly bytes: number; readonly stream: Readable }
  | { readonly flaw: FileFlaw }
  /** It has so many bytes. */
  | { readonly tooBig: number };

export interface SandboxFiles {
  /**
   * `path` is absolute, and one that `ownPath` gave. Whoever takes the stream reads it to its end or destroys it. Throws
   * `SandboxFault` `gone` where no sandbox stands.
   */
  readFile(access: AccessId, path: string, mostBytes: number): Promise<ReadFile>;
}
