/** Files without a name, on this host's disk, and the twin of tests beside them. */
import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, expect, it } from 'vitest';
import { fileSpool } from '../../../src/adapters/files/file-spool.ts';
import { SpoolFault } from '../../../src/ports/spool.ts';
import { spoolContract } from '../../contract/spool.ts';
import { memorySpool } from '../../support/memory-spool.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'prod-access-spool-'));
const dir = join(dataDir, 'spool');
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

spoolContract('files without a name', () => fileSpool(dataDir));
spoolContract('memory', memorySpool);

/** This process's open files of the spool. */
function open(): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(dir) ? [fd] : [];
    } catch {
      return [];
    }
  });
}

it('has no name, is for nobody else, and is gone once it is let go', async () => {
  const kept = await fileSpool(dataDir).keep(Readable.from([Buffer.from('secret')]));
  expect(readdirSync(dir)).toEqual([]);
  const [fd = ''] = open();
  expect(statSync(`/proc/self/fd/${fd}`).mode & 0o777).toBe(0o600);
  expect(readFileSync(`/proc/self/fd/${fd}`, 'utf8')).toBe('secret');
  await kept[Symbol.asyncDispose]();
  expect(open()).toEqual([]);
});

it('is let go also when the stream fails, or while it is being read', async () => {
  const failing = Readable.from(
    (async function* () {
      yield Buffer.from('x');
      throw new Error('gone');
    })(),
  );
  await expect(fileSpool(dataDir).keep(failing)).rejects.toThrow('gone');
  expect(open()).toEqual([]);
  const kept = await fileSpool(dataDir).keep(Readable.from([Buffer.alloc(1_000_000)]));
  const reading = kept.read();
  for await (const _ of reading) break;
  await kept[Symbol.asyncDispose]();
  expect(open()).toEqual([]);
});

it('says that the host could not, without the path, and lets the stream go', async () => {
  const file = join(dataDir, 'no-directory');
  writeFileSync(file, '');
  const stream = Readable.from([Buffer.from('x')]);
  const failed = fileSpool(file).keep(stream);
  await expect(failed).rejects.toThrow(SpoolFault);
  await expect(failed).rejects.toThrow(/^the host could not keep it: ENOTDIR$/);
  expect(stream.destroyed).toBe(true);
});

it('gives back the room when a real disk is full', () => {
  const small = mkdtempSync(join(tmpdir(), 'prod-access-spool-'));
  try {
    const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
    // In a mount namespace of its own: the small disk goes with the process.
    const mounting = 'mount -t tmpfs -o size=1m none "$0" && exec "$1" "$2" "$0"';
    const script = join(import.meta.dirname, 'fill-the-spool.ts');
    const words = [...user, '--mount', 'sh', '-c', mounting, small, process.execPath, script];
    expect(JSON.parse(execFileSync('unshare', words, { encoding: 'utf8' }))).toEqual({
      failed: 'SpoolFault: the host could not keep it: ENOSPC',
      isLetGo: true,
      left: [],
      small: 5,
    });
  } finally {
    rmSync(small, { recursive: true, force: true });
  }
});
