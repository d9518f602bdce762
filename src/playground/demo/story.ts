/** What happened after one of the three buttons, told line by line while it happens. One story at a time. */
export type Tone = 'plain' | 'good' | 'bad' | 'wait';
export type StoryLine = { readonly at: number; readonly tone: Tone; readonly text: string };
export type Story = {
  readonly title: string;
  readonly running: boolean;
  readonly lines: readonly StoryLine[];
};

export type Say = (tone: Tone, text: string) => void;
/** Tells until it returns; aborts with the demo. */
export type Tale = (say: Say, signal: AbortSignal) => Promise<void>;

export type Teller = Disposable & {
  readonly current: () => Story | undefined;
  /** False where another story is still being told. */
  readonly begin: (title: string, tale: Tale) => boolean;
};

export function makeTeller(): Teller {
  const closing = new AbortController();
  let story: Story | undefined;
  const say: Say = (tone, text) => {
    if (story === undefined) return;
    // A line that waits is over once another follows.
    const lines = story.lines.filter((line) => line.tone !== 'wait');
    story = { ...story, lines: [...lines, { at: Date.now(), tone, text }] };
  };
  return {
    current: () => story,
    begin: (title, tale) => {
      if (story?.running === true) return false;
      story = { title, running: true, lines: [] };
      void tale(say, closing.signal)
        .catch((error: unknown) => {
          if (!closing.signal.aborted)
            say('bad', `The story broke off: ${error instanceof Error ? error.message : error}`);
        })
        .finally(() => {
          if (story !== undefined) story = { ...story, running: false };
        });
      return true;
    },
    [Symbol.dispose]: () => closing.abort(new Error('the demo ends')),
  };
}

/** Looks again and again until `look` finds something; undefined once `withinMs` have passed. A failed look finds nothing. */
export async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs: number,
  signal: AbortSignal,
): Promise<T | undefined> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    signal.throwIfAborted();
    const found = await Promise.resolve()
      .then(look)
      .catch(() => undefined);
    if (found !== undefined && found !== false) return found;
    if (Date.now() >= deadline) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** `14:03:09` on the visitor's own machine, which is this one. */
export function clock(epochMs: number): string {
  return new Date(epochMs).toLocaleTimeString('en-GB');
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
