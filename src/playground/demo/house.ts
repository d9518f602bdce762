/**
 * The demo's directory, made afresh at each start: the look-alikes forget everything when they end, and a trail from
 * before would rightly alarm the bot. It is left standing at the end, for whoever wants to look at the trail.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installOf } from '../../domain/audit.ts';
import { CannotRunDemo } from './cannot-run.ts';

export type House = AsyncDisposable & {
  readonly dir: string;
  readonly redisDir: string;
  /** What the private "production" keeps. */
  readonly productionDir: string;
  /** What the bot gets as PROD_ACCESS_DATA_DIR. */
  readonly dataDir: string;
  readonly policyPath: string;
  readonly keyPath: string;
  readonly logPath: string;
  readonly publicKey: KeyObject;
  readonly install: string;
};

export async function openHouse(dir: string): Promise<House> {
  const mark = join(dir, 'demo.pid');
  const other = await readFile(mark, 'utf8').catch(() => undefined);
  if (other !== undefined && isAlive(Number(other)))
    throw new CannotRunDemo(
      `another demo (process ${other.trim()}) uses ${dir}: end it, or name another directory`,
    );
  // Nothing is wiped that a demo did not make.
  if (other !== undefined) await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await writeFile(mark, `${process.pid}\n`);
  const at = (name: string): string => join(dir, name);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  await writeFile(at('signing-key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  });
  await writeFile(at('signing-key.pub.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  await mkdir(at('bot'), { mode: 0o700, recursive: true });
  return {
    dir,
    redisDir: at('redis'),
    productionDir: at('production'),
    dataDir: at('bot'),
    policyPath: at('policy.yaml'),
    keyPath: at('signing-key.pem'),
    logPath: at('bot.log'),
    publicKey,
    install: installOf(publicKey),
    // The mark stays: it says that this directory is the demo's to wipe.
    [Symbol.asyncDispose]: () => writeFile(mark, '0\n'),
  };
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
