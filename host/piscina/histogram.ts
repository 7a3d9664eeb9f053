/** How long tasks ran and waited, in milliseconds, to a microsecond. */
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

const PERCENTILES = [0.001, 0.01, 0.1, 1, 2.5, 10, 25, 50, 75, 90, 97.5, 99, 99.9, 99.99, 99.999] as const;
type Percentile = (typeof PERCENTILES)[number];
type Underscored<T extends string> = T extends `${infer Whole}.${infer Fraction}` ? `${Whole}_${Fraction}` : T;

/** In milliseconds; `p97_5` is the value below which 97.5 % of the others lie. */
export type HistogramSummary = { [K in "average" | "mean" | "stddev" | "min" | "max"]: number } & {
  [P in Percentile as `p${Underscored<`${P}`>}`]: number;
};

/** The histograms of a pool. */
export interface PiscinaHistogram {
  /** From the start of a task to its result. */
  readonly runTime: HistogramSummary;
  /** From `run` to the start. */
  readonly waitTime: HistogramSummary;
  resetRunTime(): void;
  resetWaitTime(): void;
}

export class Histogram {
  readonly #values: RecordableHistogram = createHistogram();

  /** Takes a time in milliseconds. */
  record(ms: number): void {
    this.#values.record(Math.max(1, Math.trunc(ms * 1000)));
  }

  reset(): void {
    this.#values.reset();
  }

  /** The sum of all times, in milliseconds. */
  get total(): number {
    const { count, mean } = this.#values;
    return count === 0 ? 0 : (mean * count) / 1000;
  }

  get summary(): HistogramSummary {
    const { mean, stddev, min, max } = this.#values;
    const summary: Record<string, number> = { average: mean, mean, stddev, min, max };
    for (const percentile of PERCENTILES) {
      summary[`p${percentile}`.replace(".", "_")] = this.#values.percentile(percentile);
    }
    for (const key of Object.keys(summary)) summary[key] = (summary[key] as number) / 1000;
    return summary as HistogramSummary;
  }
}
