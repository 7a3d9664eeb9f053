/** What came of running one benchmark on one implementation, and the comparisons that the reports share. */
import { wording, type Benchmark, type Target } from "./benchmark.js";
import { median } from "./statistics.js";

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

/** Groups measurements by benchmark and number of Ps, both in the order measured. */
export function compare(measurements: readonly Measurement[]): Comparison[] {
  const groups = new Map<string, { benchmark: Benchmark; procs: number; of: Map<string, Measurement> }>();
  for (const measurement of measurements) {
    const { benchmark, procs, implementation } = measurement;
    const key = `${benchmark.name} ${procs}`;
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { benchmark, procs, of: new Map() }));
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

interface Verdict {
  /** What is wanted, in words: `<= 0.35x go`, `>= 1.80`. */
  readonly wanted: string;
  /** The median that just reaches it; absent as far as the implementation it is relative to was not measured. */
  readonly bound?: number;
  /** Whether Skein reached it; absent where that cannot be said. */
  readonly reached?: boolean;
}

/** What Skein, the first of those compared, is to reach in this benchmark, and whether it did; undefined where nothing is asked. */
export function judge(comparison: Comparison, cores: number): Verdict | undefined {
  const { targets = [], better, implementations } = comparison.benchmark;
  if (targets.length === 0) return undefined;
  const wanted = targets.map((target) => inWords(target, cores)).join(", ");
  const bounds = targets.map((target) => boundOf(target, comparison, cores));
  const known = bounds.filter((bound) => bound !== undefined);
  if (known.length === 0) return { wanted };
  const bound = better === "lower" ? Math.min(...known) : Math.max(...known);
  const mine = medianOf(comparison.of.get(implementations[0] ?? ""));
  if (mine === undefined) return { wanted, bound };
  const reached = better === "lower" ? mine <= bound : mine >= bound;
  // A bound that is missed is missed whatever the others are; one that is reached is not all of them.
  return reached && known.length < bounds.length ? { wanted, bound } : { wanted, bound, reached };
}

function inWords(target: Target, cores: number): string {
  return target.kind === "perCore" ? `>= ${(target.atLeast * cores).toFixed(2)}` : wording(target);
}

/** The median that just reaches a target, if that is known. */
function boundOf(target: Target, comparison: Comparison, cores: number): number | undefined {
  switch (target.kind) {
    case "absolute":
      return target.atMost;
    case "least":
      return target.atLeast;
    case "perCore":
      return target.atLeast * cores;
    case "ratio": {
      const theirs = medianOf(comparison.of.get(target.to));
      return theirs === undefined ? undefined : target.atMost * theirs;
    }
    case "fastest": {
      const [, ...others] = comparison.benchmark.implementations;
      const theirs = others.map((name) => medianOf(comparison.of.get(name))).filter((middle) => middle !== undefined);
      return theirs.length === 0 ? undefined : target.atMost * Math.min(...theirs);
    }
  }
}
