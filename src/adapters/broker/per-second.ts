/** Counts what happens within a second. A second begins with the first thing that happens after the last one's end. */
export type PerSecond = {
  /** Which one of its second this is, from 1, and how much of the second is left. */
  count(): { readonly nth: number; readonly leftMs: number };
};

export function perSecond(now: () => number): PerSecond {
  let began = Number.NEGATIVE_INFINITY;
  let nth = 0;
  return {
    count: () => {
      const at = now();
      // Also where the clock was set back.
      if (at >= began + 1_000 || at < began) {
        began = at;
        nth = 0;
      }
      nth += 1;
      return { nth, leftMs: began + 1_000 - at };
    },
  };
}
