/** What is said on two outputs, bounded: of whoever says more the rest goes unheard. */
import type { Readable } from 'node:stream';

/** Characters kept of each of stdout and stderr. */
const keptOutput = 1 << 20;

/** With which a sandbox's first process ends what it says on each output when it begins. */
export const lastWords = 'said\tall';

export type Output = 'stdout' | 'stderr';

export type Said = {
  hear(output: Output, bytes: Uint8Array): void;
  text(output: Output): string;
  /** Settles once something was said on standard output. */
  begun(): Promise<void>;
  /** Settles once both outputs hold the line. */
  onBoth(line: string): Promise<void>;
};

export function said(): Said {
  const texts = { stdout: '', stderr: '' };
  // A character of several bytes may be cut.
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const waiting = new Set<() => void>();
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return {
    hear: (output, bytes) => {
      if (texts[output].length < keptOutput)
        texts[output] += decoders[output].decode(bytes, { stream: true });
      for (const look of waiting) look();
    },
    text: (output) => texts[output],
    begun: () => until(() => texts.stdout !== ''),
    onBoth: (line) => until(() => Object.values(texts).every((text) => `\n${text}`.includes(`\n${line}\n`))),
  };
}

/** Hears two streams out. One that breaks just says no more. */
export function saidBy(streams: Readonly<Record<Output, Readable>>): Said {
  const heard = said();
  for (const output of ['stdout', 'stderr'] as const)
    streams[output].on('data', (bytes: Buffer) => heard.hear(output, bytes)).on('error', () => undefined);
  return heard;
}
