/**
 * Names of things that cross a boundary. An id carries its kind in its text, so that a log line tells what it
 * is about and the compiler refuses a mix-up.
 */

export type AccessId = `acc_${string}`;
/** One attached terminal and its recording. */
export type SessionId = `ses_${string}`;
/** One connection out of a sandbox. */
export type ConnectionId = `con_${string}`;

const base32 = 'abcdefghijklmnopqrstuvwxyz234567';
const accessIdPattern = /^acc_[a-z2-7]{16}$/;
const sessionIdPattern = /^ses_[a-z2-7]{16}$/;

/** Bytes of randomness in an id: 80 bits, exactly 16 base-32 characters. */
export const idBytes = 10;

/** Spells `bytes` in lower-case base 32 (RFC 4648's alphabet, no padding). */
export function toBase32(bytes: Uint8Array): string {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += base32[(held >> bits) & 31];
    }
  }
  return bits > 0 ? text + base32[(held << (5 - bits)) & 31] : text;
}

/** Names a thing after {@link idBytes} random bytes. */
export function idFrom<Kind extends 'acc' | 'ses' | 'con'>(
  kind: Kind,
  random: Uint8Array,
): `${Kind}_${string}` {
  if (random.length !== idBytes) throw new RangeError(`an id takes ${idBytes} bytes, not ${random.length}`);
  return `${kind}_${toBase32(random)}`;
}

export function isAccessId(text: string): text is AccessId {
  return accessIdPattern.test(text);
}

export function isSessionId(text: string): text is SessionId {
  return sessionIdPattern.test(text);
}
