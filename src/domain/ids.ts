/**
 * Names of things that cross a boundary. An id carries its kind in its text, so that a log line tells what it
 * is about and the compiler refuses a mix-up.
 */

export type AccessId = `acc_${string}`;

const base32 = 'abcdefghijklmnopqrstuvwxyz234567';
const accessIdPattern = /^acc_[a-z2-7]{16}$/;

/** Bytes of randomness in an access id: 80 bits, exactly 16 base-32 characters. */
export const accessIdBytes = 10;

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

/** Names an access after {@link accessIdBytes} random bytes. */
export function accessIdFrom(random: Uint8Array): AccessId {
  const id = `acc_${toBase32(random)}`;
  if (!isAccessId(id))
    throw new RangeError(`an access id takes ${accessIdBytes} bytes, not ${random.length}`);
  return id;
}

export function isAccessId(text: string): text is AccessId {
  return accessIdPattern.test(text);
}
