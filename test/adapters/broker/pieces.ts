/** Hands bytes to a reader cut into pieces, as a socket would, and gives its first answer that is not "more". */
import type { More } from '../../../src/adapters/broker/read-first.ts';

/** Asks at each cut, also where the reader has not yet what it needs: it must then want the same still. */
export function pieces<Read extends { readonly at: string }>(
  bytes: Buffer,
  cuts: readonly number[],
  read: (bytes: Buffer) => Read | More,
): Read | More {
  const ends = [...new Set(cuts.map((cut) => Math.min(cut, bytes.length))), bytes.length].sort(
    (a, b) => a - b,
  );
  let need = 0;
  for (const end of ends) {
    const answer = read(bytes.subarray(0, end));
    if (answer.at !== 'more') {
      if (end < need) throw new Error(`answered at ${end} bytes, and had wanted ${need}`);
      return answer;
    }
    need = (answer as More).need;
    if (need <= end) throw new Error(`wants ${need} bytes at ${end}: it would never be asked again`);
  }
  return read(bytes);
}
