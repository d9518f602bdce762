/** The last part of what a terminal showed, for whoever attaches later. Bounded; begins at the start of a line. */

const mostBytes = 256 * 1024;
/** Single keystrokes come as chunks of a byte: they are put together now and then. */
const mostChunks = 512;
const newline = 0x0a;

export type Scrollback = { add(chunk: Uint8Array): void; bytes(): Uint8Array };

export function makeScrollback(): Scrollback {
  let chunks: Uint8Array[] = [];
  let length = 0;
  const bytes = (): Uint8Array => {
    const all = Buffer.concat(chunks);
    if (all.length <= mostBytes) return all;
    const kept = all.subarray(-mostBytes);
    return kept.subarray(kept.indexOf(newline) + 1);
  };
  return {
    bytes,
    add: (chunk) => {
      chunks.push(chunk);
      length += chunk.length;
      // Trimmed by halves, so that a flood costs little.
      if (length <= 2 * mostBytes && chunks.length <= mostChunks) return;
      const kept = length <= 2 * mostBytes ? Buffer.concat(chunks) : Buffer.from(bytes());
      chunks = [kept];
      length = kept.length;
    },
  };
}
