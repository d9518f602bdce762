/**
 * The size of one terminal. It has one, whoever looks on: the last that somebody who writes wanted, which is that of the
 * window they look at. The recording and those who look on hear of it before anything is shown in it. One resize at a
 * time; of those that come meanwhile the last one counts, so that no flood of them reaches the sandbox.
 */
import type { Recording } from '../ports/recordings.ts';
import type { Terminal, TerminalSize } from '../ports/terminals.ts';

export type Resized = {
  readonly size: TerminalSize;
  readonly recording: Pick<Recording, 'resize'>;
  readonly terminal: Pick<Terminal, 'resize'>;
};

export type Resizing = {
  now(): TerminalSize;
  want(size: TerminalSize): void;
};

export function resizing(
  { size, recording, terminal }: Resized,
  over: AbortSignal,
  tell: (size: TerminalSize) => void,
): Resizing {
  let [wanted, applied] = [size, size];
  let busy = false;
  const apply = async (): Promise<void> => {
    busy = true;
    while (!over.aborted && (wanted.cols !== applied.cols || wanted.rows !== applied.rows)) {
      applied = wanted;
      recording.resize(applied);
      tell(applied);
      await terminal.resize(applied).catch(() => {});
    }
    busy = false;
  };
  return {
    now: () => applied,
    want: (next) => {
      wanted = next;
      if (!busy) void apply();
    },
  };
}
