/** What came of running one benchmark on one implementation, and the comparisons that the reports share. */
import { median } from "./statistics.js";
import type { Benchmark } from "./suite.js";

export type Outcome =
  | { readonly kind: "measured"; readonly runtime: string; readonly values: readonly number[] }
  /** It is not installed, or cannot be built here; the reason. */
  | { readonly kind: "skipped"; readonly reason: string }
  /** It ran and went wrong; the reason. */
  | { readonly kind: "failed"; readonly reason: string };

export interface Measurement {
  readonly benchmark: Benchmark;
  readonly implementation: string;
  /** The number of Ps that the figure stands for. */
  readonly procs: number;
  readonly outcome: Outcome;
}

/** The median of a measurement, if it has one. */
export function medianOf(measurement: Measurement | undefined): number | undefined {
  return measurement?.outcome.kind === "measured" ? median(measurement.outcome.values) : undefined;
}

/** All measurements of one benchmark, by implementation. */
export interface Comparison {
  readonly benchmark: Benchmark;
  readonly procs: number;
  readonly of: ReadonlyMap<string, Measurement>;
}

/** Groups measurements by benchmark, both in the order measured. */
export function compare(measurements: readonly Measurement[]): Comparison[] {
  const groups = new Map<string, { benchmark: Benchmark; procs: number; of: Map<string, Measurement> }>();
  for (const measurement of measurements) {
    const { benchmark, procs, implementation } = measurement;
    let group = groups.get(benchmark.name);
    if (!group) groups.set(benchmark.name, (group = { benchmark, procs, of: new Map() }));
    group.of.set(implementation, measurement);
  }
  return [...groups.values()];
}

/** The median of `implementation` as a multiple of `peer`'s. */
export function ratio(comparison: Comparison, implementation: string, peer: string): number | undefined {
  const mine = medianOf(comparison.of.get(implementation));
  const theirs = medianOf(comparison.of.get(peer));
  return mine === undefined || !theirs ? undefined : mine / theirs;
}

export interface Verdict {
  /** What is wanted, in words: `<= 0.35x go`, `>= 1.80`. */
  readonly wanted: string;
  /** The median that just reaches it; absent where the peer it is relative to was not measured. */
  readonly bound?: number;
  /** Whether Skein reached it; absent where that cannot be said. */
  readonly reached?: boolean;
}

/** What Skein is to reach in this benchmark, and whether it did; undefined where nothing is asked. */
export function judge(comparison: Comparison, cores: number): Verdict | undefined {
  const target = comparison.benchmark.target;
  if (!target) return undefined;
  const mine = medianOf(comparison.of.get("skein"));
  if (target.kind === "perCore") {
    const bound = target.atLeast * cores;
    const wanted = `>= ${bound.toFixed(2)}`;
    return mine === undefined ? { wanted, bound } : { wanted, bound, reached: mine >= bound };
  }
  const wanted = `<= ${target.atMost.toFixed(2)}x ${target.to}`;
  const theirs = medianOf(comparison.of.get(target.to));
  if (theirs === undefined) return { wanted };
  const bound = target.atMost * theirs;
  return mine === undefined ? { wanted, bound } : { wanted, bound, reached: mine <= bound };
}
