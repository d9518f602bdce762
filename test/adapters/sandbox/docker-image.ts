/** Images made of this host's own programs, for no registry is within reach. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type Docker from 'dockerode';

/** Beside bash: what the driver needs of an image, and what the tests run in it. */
export const usual = [
  ...['socat', 'stty', 'tty', 'timeout', 'sleep', 'unshare', 'head', 'readlink', 'wc'],
  ...['awk', 'cat', 'chmod', 'env', 'grep', 'hostname', 'id', 'ln', 'ls', 'mkdir', 'mkfifo', 'mv', 'rm'],
  ...['seq', 'setsid', 'sha256sum', 'stat', 'touch', 'tr', 'truncate'],
];

/** The host's own Python, not one that a developer's path leads to. */
export const python = '/usr/bin/python3';

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
    copyWhole(path, join(root, 'usr/bin', basename(name)));
    if (name === python) for (const library of layPythonLibrary(root)) copied.add(library);
    for (const library of librariesOf(path)) copied.add(library);
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

/** With its mode, of which a setuid bit is part. */
function copyWhole(from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, statSync(from).mode);
}

/** Of a program or a library; a script names none. */
function librariesOf(path: string): readonly string[] {
  const { stdout } = spawnSync('ldd', [path], { encoding: 'utf8' });
  return [...stdout.matchAll(/\/\S+/g)].map(([library]) => library);
}

/** Lays down Python's standard library, and tells what its native modules load. */
function layPythonLibrary(root: string): readonly string[] {
  const where = 'import sysconfig; print(sysconfig.get_path("stdlib"))';
  const from = execFileSync(python, ['-I', '-c', where], { encoding: 'utf8' }).trim();
  const unused = ['test', 'idlelib', 'lib2to3', 'ensurepip', 'site-packages', 'dist-packages', '__pycache__'];
  cpSync(from, join(root, from), {
    recursive: true,
    dereference: true,
    filter: (path) => !unused.includes(basename(path)),
  });
  return readdirSync(join(from, 'lib-dynload')).flatMap((name) =>
    librariesOf(join(from, 'lib-dynload', name)),
  );
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
