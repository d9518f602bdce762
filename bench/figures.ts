/** Percentiles and a plain table: what every bench prints. */

export function percentile(samples: readonly number[], p: number): number {
  const sorted = [...samples].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? Number.NaN;
}

export type Figure = {
  readonly what: string;
  readonly ours: number;
  readonly baseline: number;
  readonly unit: string;
  /** Where the result is what ours adds, not the ratio: how many share it. */
  readonly addedPer?: number;
  readonly aim: string;
};

/** `ours` against `baseline` of the same run; the result counts, the absolute figures are this machine's. */
export function printFigures(figures: readonly Figure[]): void {
  for (const { what, ours, baseline, unit, addedPer, aim } of figures) {
    const result =
      addedPer === undefined
        ? `ratio ${(ours / baseline).toFixed(2)}`
        : `added ${((ours - baseline) / addedPer).toFixed(2)} ${unit}`;
    process.stdout.write(
      `${what.padEnd(46)} ours ${ours.toFixed(1).padStart(9)} ${unit}  baseline ${baseline.toFixed(1).padStart(9)} ${unit}  ${result}  (aim ${aim})\n`,
    );
  }
}
