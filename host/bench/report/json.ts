/** The measurements for other programs: an array, an object for each benchmark and implementation. */
import { medianOf, type Measurement } from "../measurement.js";

export function json(measurements: readonly Measurement[]): string {
  return JSON.stringify(measurements.map(entry), undefined, 2) + "\n";
}

function entry(measurement: Measurement): Record<string, unknown> {
  const { benchmark, implementation, procs, outcome } = measurement;
  const { name: bench, unit, better } = benchmark;
  switch (outcome.kind) {
    case "measured": {
      const { runtime, values } = outcome;
      return { bench, impl: implementation, runtime, unit, better, values, median: medianOf(measurement), procs };
    }
    case "skipped":
      return { bench, impl: implementation, unit, better, procs, skipped: outcome.reason };
    case "failed":
      return { bench, impl: implementation, unit, better, procs, failed: outcome.reason };
  }
}
