/** What of the host's system a sandbox may see: its programs, and an /etc that names nobody and nothing of the host. */
import { existsSync, lstatSync, mkdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { layKept } from '../kept.ts';
import { home, user } from './bwrap-arguments.ts';

const topLevel = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/** Public parts of /etc: the linker's cache, certificates, Debian's alternatives, the time zone. No keys. */
const shared = [
  '/etc/ld.so.cache',
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
  '/etc/pki/tls/certs',
  '/etc/pki/ca-trust',
  '/etc/alternatives',
  '/etc/localtime',
];

export function systemLinks(): readonly { readonly path: string; readonly link: string | undefined }[] {
  return topLevel
    .filter((path) => existsSync(path))
    .map((path) => ({ path, link: lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined }));
}

export function sharedEtc(): readonly string[] {
  return shared.filter((path) => existsSync(path));
}

/** Files of /etc that name the sandbox's one user and nothing of the host. */
export function namesInside(uid: number, gid: number, access: string): Readonly<Record<string, string>> {
  return {
    passwd: `root:x:0:0:root:/nonexistent:/usr/sbin/nologin\n${user}:x:${uid}:${gid}::${home}:/bin/bash\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n`,
    group: `root:x:0:\n${user}:x:${gid}:\nnogroup:x:65534:\n`,
    hosts: `127.0.0.1 localhost ${access}\n::1 localhost\n`,
    hostname: `${access}\n`,
  };
}

/** The same in every sandbox. */
const alike = {
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
  'resolv.conf': '',
} as const;

/** Lays down the private /etc in `dir`, with empty places where `mounts` come. `store`: where kept files are. */
export function layEtc(
  store: string,
  dir: string,
  uid: number,
  gid: number,
  access: string,
  mounts: readonly string[],
): void {
  mkdirSync(dir, { mode: 0o755 });
  for (const [name, text] of Object.entries(namesInside(uid, gid, access)))
    writeFileSync(join(dir, name), text, { mode: 0o644 });
  for (const [name, text] of Object.entries(alike)) layKept(store, join(dir, name), text, 0o644);
  for (const path of mounts) {
    const place = join(dir, path.slice('/etc/'.length));
    mkdirSync(dirname(place), { recursive: true, mode: 0o755 });
    if (statSync(path).isDirectory()) mkdirSync(place, { recursive: true, mode: 0o755 });
    else layKept(store, place, '', 0o644);
  }
}
