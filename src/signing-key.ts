/**
 * Reads the Ed25519 private key that signs the trail, from PEM text or from a file that nobody else may read. What is
 * wrong is said without ever showing the key.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/** Anything for others, or writing for the group. A group may read: that is how Kubernetes mounts secrets. */
const tooOpen = 0o027;

/** `text` is PEM, also with `\n` written out as in one-line environment files, or the path of a PEM file. */
export function readSigningKey(text: string): { readonly key: KeyObject } | { readonly wrong: string } {
  if (text.startsWith('-----BEGIN')) return parseKey(text.replaceAll('\\n', '\n'), 'the PEM text');
  if (text.includes('-----BEGIN') || text.includes('\n')) return { wrong: 'is neither PEM text nor a path' };
  try {
    const { mode } = statSync(text);
    if ((mode & tooOpen) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      return { wrong: `the file ${text} has mode ${octal}, so that others can get at it: chmod 600 ${text}` };
    }
    return parseKey(readFileSync(text, 'utf8'), `the file ${text}`);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    // A key pasted without its first line would be echoed as a path.
    const path = text.length < 200 && !/^[A-Za-z0-9+/=]{40,}$/.test(text) ? ` ${text}` : '';
    return {
      wrong: code === 'ENOENT' ? `there is no file${path}` : `the file${path} cannot be read (${code})`,
    };
  }
}

function parseKey(pem: string, from: string): { readonly key: KeyObject } | { readonly wrong: string } {
  try {
    const key = createPrivateKey(pem.trim());
    if (key.asymmetricKeyType === 'ed25519') return { key };
    return { wrong: `${from} holds a key of type ${key.asymmetricKeyType}, not Ed25519` };
  } catch {
    return { wrong: `${from} holds no private key that can be read without a passphrase` };
  }
}
