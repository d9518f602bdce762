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
  readonly aim: string;
};

/** `ours` against `baseline` of the same run; the ratio is the result, the absolute figures are this machine's. */
export function printFigures(figures: readonly Figure[]): void {
  for (const { what, ours, baseline, unit, aim } of figures) {
    const ratio = ours / baseline;
    process.stdout.write(
      `${what.padEnd(46)} ours ${ours.toFixed(1).padStart(9)} ${unit}  baseline ${baseline.toFixed(1).padStart(9)} ${unit}  ratio ${ratio.toFixed(2)}  (aim ${aim})\n`,
    );
  }
}
