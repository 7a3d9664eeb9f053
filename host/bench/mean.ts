/** Means over benchmarks that have been measured. */
import type { Benchmark } from "./benchmark.js";
import { compare, type Measurement, type Outcome } from "./measurement.js";
import { geometricMean } from "./statistics.js";

/**
 * The geometric mean of how much the first implementation takes of what the second takes, over the family of `benchmark`.
 * Values of one place in the list were measured one after the other; each such place gives a mean.
 */
export function meanRatio(benchmark: Benchmark, measurements: readonly Measurement[]): Outcome {
  const [first = "", second = ""] = benchmark.implementations;
  const family = compare(measurements.filter((other) => other.benchmark.name.startsWith(`${benchmark.name}/`)));
  const ratios: number[][] = [];
  let runtime = "";
  for (const { benchmark: part, of } of family) {
    const [mine, theirs] = [of.get(first)?.outcome, of.get(second)?.outcome];
    if (mine?.kind !== "measured" || theirs?.kind !== "measured") {
      return { kind: "skipped", reason: `${part.name} has not been measured with both` };
    }
    runtime = mine.runtime;
    const places = Math.min(mine.values.length, theirs.values.length);
    ratios.push(Array.from({ length: places }, (_, i) => (mine.values[i] as number) / (theirs.values[i] as number)));
  }
  const places = Math.min(...ratios.map((list) => list.length));
  const values = Array.from({ length: places }, (_, i) => geometricMean(ratios.map((list) => list[i] as number)));
  return { kind: "measured", runtime, values };
}
