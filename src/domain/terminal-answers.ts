/**
 * Tells what somebody typed from what their terminal sent by itself. Programs ask terminals for their size, colours and
 * cursor (ESC[6n, say), and terminals answer by the way that keys take: a loop that asks would pass for a person. What
 * xterm.js answers is known here, and that a window gains or loses the focus.
 */

const answer = [
  // Attributes, status, position of the cursor, size of the window; F3 with Shift, Ctrl or Alt reads like a position.
  '\\x1b\\[[?>=]?[\\d;]*[cnRt]',
  // Whether a mode is set.
  '\\x1b\\[\\??[\\d;]*\\$y',
  '\\x1b\\[[IO]',
  // A colour; a setting.
  '\\x1b\\][\\d;]*;rgb:[\\da-f/]*\\x1b\\\\',
  '\\x1bP[01]\\$r[^\\x1b]*\\x1b\\\\',
].join('|');
const answersOnly = new RegExp(`^(?:${answer})*$`);

/** Whether there is anything in it but whole answers. */
export function isTyped(bytes: Uint8Array): boolean {
  if (bytes.length > 0 && bytes[0] !== 0x1b) return true;
  return !answersOnly.test(Buffer.from(bytes).toString('latin1'));
}
