/**
 * Files that are alike in many sandboxes: written once, named by their content, and linked to where they are wanted, for a
 * new file costs a disk's file system many times a link. A few kilobytes for each version of the bot stay.
 */
import { createHash } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** `store` must lie on the same file system as `path`. All links to one file have the mode that it was first given. */
export function layKept(
  store: string,
  path: string,
  content: string | Uint8Array,
  mode: 0o600 | 0o644,
): void {
  const bytes = Buffer.from(content);
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  const kept = join(store, `${digest}.${mode.toString(8)}`);
  // Read each time: a crash of the host may have left it empty.
  if (!holds(kept, bytes)) keep(store, kept, bytes, mode);
  linkSync(kept, path);
}

function holds(file: string, bytes: Buffer): boolean {
  try {
    return readFileSync(file).equals(bytes);
  } catch {
    return false;
  }
}

function keep(store: string, kept: string, bytes: Buffer, mode: number): void {
  mkdirSync(store, { recursive: true, mode: 0o700 });
  const temporary = `${kept}.${process.pid}.${performance.now()}`;
  writeFileSync(temporary, bytes, { flag: 'wx', mode: 0o600 });
  chmodSync(temporary, mode);
  renameSync(temporary, kept);
}
