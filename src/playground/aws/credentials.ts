/** Access keys, secrets, tokens and unique ids in the shapes that AWS gives them. */
import { randomBytes, randomInt } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** `AROA`, `ASIA`, `AIDA`, `ANPA` and 17 or 16 characters more. */
export function uniqueId(prefix: 'AROA' | 'ASIA' | 'AIDA' | 'ANPA', length = 17): string {
  return prefix + Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}

export type SessionKeys = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
};

export function newSessionKeys(): SessionKeys {
  return {
    accessKeyId: uniqueId('ASIA', 16),
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: `IQoJ${randomBytes(240).toString('base64')}`,
  };
}
