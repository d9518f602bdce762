/** Images made of this host's own programs, for no registry is within reach. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type Docker from 'dockerode';

/** Beside bash: what the driver needs of an image, and what the tests run in it. */
export const usual = [
  ...['socat', 'stty', 'tty', 'timeout', 'sleep', 'unshare', 'head', 'readlink', 'wc'],
  ...['awk', 'cat', 'chmod', 'env', 'grep', 'hostname', 'id', 'ln', 'ls', 'mkdir', 'mkfifo', 'mv', 'rm'],
  ...['seq', 'setsid', 'sha256sum', 'stat', 'touch', 'tr', 'truncate'],
];

/** A tar file with these programs and the libraries that they load. The caller removes its directory. */
export function systemTar(programs: readonly string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'prod-access-image-'));
  const root = join(dir, 'root');
  for (const path of ['usr/bin', 'usr/lib', 'usr/lib64', 'usr/sbin', 'etc', 'home', 'tmp', 'run', 'var'])
    mkdirSync(join(root, path), { recursive: true });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name));
  const copied = new Set<string>();
  for (const name of programs) {
    const path = realpathSync(execFileSync('which', [name], { encoding: 'utf8' }).trim());
    copyFileSync(path, join(root, 'usr/bin', name));
    // A script names no library.
    const { stdout } = spawnSync('ldd', [path], { encoding: 'utf8' });
    for (const [library] of stdout.matchAll(/\/\S+/g)) copied.add(library);
  }
  for (const library of copied) {
    mkdirSync(dirname(join(root, library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
  const tar = join(dir, 'system.tar');
  execFileSync('tar', ['-C', root, '--owner=0', '--group=0', '-cf', tar, '.']);
  rmSync(root, { recursive: true });
  return tar;
}

/** Imports one and gives its id, `sha256:…`. `changes` are lines of a Dockerfile. */
export async function importImage(
  docker: Docker,
  programs: readonly string[] = ['bash', ...usual],
  changes: readonly string[] = [],
): Promise<string> {
  const tar = systemTar(programs);
  try {
    const progress = await docker.importImage(tar, { changes: [...changes] });
    let said = '';
    for await (const chunk of progress) said += String(chunk);
    const id = /sha256:[0-9a-f]{64}/.exec(said)?.[0];
    if (id === undefined) throw new Error(`no image: ${said}`);
    return id;
  } finally {
    rmSync(dirname(tar), { recursive: true });
  }
}
