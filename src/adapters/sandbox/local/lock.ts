/**
 * One process at a time per access, and none started for it. Each process of the bot keeps one file under the kernel's
 * lock (flock, taken once by the `flock` program, as Node cannot) for as long as it lives. Who holds an access has made
 * its name a link to that file, which happens at once or not at all. Where such a file can be locked its process is dead,
 * wherever it ran: whoever finds that removes the link while holding the lock. So nothing is guessed from age or number.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, fstatSync, linkSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SandboxFault } from '../../../ports/sandboxes.ts';
import { systemPath } from './machine.ts';

/** An opening or a closing takes far less; a holder that takes longer is stuck. */
const patienceMs = 30_000;
const roundMs = 5;
/** How often it is asked whether a holder lives that is another process. */
const askMs = 1_000;

type Holder = { readonly path: string; readonly inode: number };

/** This process's, by the directory of the locks. */
const holders = new Map<string, Promise<Holder>>();

export async function lock(file: string): Promise<Disposable> {
  const dir = dirname(file);
  const until = performance.now() + patienceMs;
  for (let askAt = 0; performance.now() < until; ) {
    const holder = await ownHolder(dir);
    const claimed = claim(holder, file);
    if (claimed === 'ours') return { [Symbol.dispose]: () => removeLink(file, holder.inode) };
    // With the directory goes the holder.
    if (claimed === 'no holder') holders.delete(dir);
    if (claimed !== 'taken') continue;
    if (inodeOf(file) !== holder.inode && performance.now() >= askAt) {
      await removeIfDead(file);
      askAt = performance.now() + askMs;
    } else await pause(roundMs);
  }
  throw new SandboxFault('stuck', 'another process holds this sandbox and does not let go', {
    retryable: true,
  });
}

function claim({ path }: Holder, file: string): 'ours' | 'taken' | 'no holder' {
  try {
    linkSync(path, file);
    return 'ours';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return 'taken';
    if (code === 'ENOENT') return 'no holder';
    throw error;
  }
}

async function ownHolder(dir: string): Promise<Holder> {
  const making = holders.get(dir) ?? newHolder(dir);
  holders.set(dir, making);
  try {
    return await making;
  } catch (error) {
    holders.delete(dir);
    throw error;
  }
}

/** The descriptor stays open until this process ends; children do not inherit it. */
async function newHolder(dir: string): Promise<Holder> {
  for (const name of readdirSync(dir)) if (name.startsWith('.')) await removeIfDead(join(dir, name));
  for (let tries = 1; ; tries += 1) {
    const path = join(dir, `.${randomBytes(8).toString('hex')}`);
    const descriptor = openSync(path, 'wx', 0o600);
    if (await canLock(descriptor)) return { path, inode: fstatSync(descriptor).ino };
    // Another process, beginning as well, just took it for a dead one's.
    closeSync(descriptor);
    if (tries === 3) throw new Error(`files in ${dir} cannot be locked`);
  }
}

async function removeIfDead(file: string): Promise<void> {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return;
  }
  try {
    if (await canLock(descriptor)) removeLink(file, fstatSync(descriptor).ino);
  } finally {
    closeSync(descriptor);
  }
}

/** Unless the name stands for another file by now. */
function removeLink(file: string, inode: number): void {
  if (inodeOf(file) === inode) rmSync(file, { force: true });
}

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}

async function canLock(descriptor: number): Promise<boolean> {
  const child = spawn('flock', ['--exclusive', '--nonblock', '3'], {
    env: { PATH: systemPath },
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
  });
  const [code] = await once(child, 'exit');
  return code === 0;
}
