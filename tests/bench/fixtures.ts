/** Benchmarks, measurements and implementations made up for tests. */
import process from "node:process";
import type { Benchmark } from "../../host/bench/benchmark.js";
import type { Implementation } from "../../host/bench/implementations/implementation.js";
import type { Measurement, Outcome } from "../../host/bench/measurement.js";

export function benchmark(changes: Partial<Benchmark> = {}): Benchmark {
  return {
    name: "spin",
    description: "turn round",
    unit: "ns/op",
    better: "lower",
    procs: "all",
    measure: "direct",
    implementations: ["skein", "go", "a", "b", "m", "f", "e"],
    args: [1000, 5],
    quickArgs: [10, 2],
    ...changes,
  };
}

export function measured(implementation: string, values: number[], of: Benchmark = benchmark()): Measurement {
  return measurement(implementation, { kind: "measured", runtime: `${implementation} 1.0`, values }, of);
}

export function measurement(implementation: string, outcome: Outcome, of: Benchmark = benchmark()): Measurement {
  return { benchmark: of, implementation, procs: of.procs === "one" ? 1 : 2, outcome };
}

/** An implementation whose every program is this JavaScript; `ran` hears of each start. */
export function scripted(
  name: string,
  script: string,
  ran: (procs: number, args: readonly string[]) => void = () => {},
): Implementation {
  const onDeno = "deno" in process.versions;
  return {
    name,
    description: "a script",
    prepare: () =>
      Promise.resolve({
        runtime: `${name} 1.0`,
        command: (_benchmark, procs, args) => {
          ran(procs, args);
          const run = onDeno ? ["eval"] : ["-e"];
          return { file: process.execPath, args: [...run, `const procs = ${procs}; ${script}`] };
        },
      }),
  };
}
