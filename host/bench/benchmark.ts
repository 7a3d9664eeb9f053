/** What a benchmark is: a definition that holds for every implementation alike. The definitions are in `suite.ts`. */

/** A median that Skein is to reach. */
export type Target =
  /** At most this share of another implementation's median in the same run. */
  | { readonly kind: "ratio"; readonly to: string; readonly atMost: number }
  /** At most this share of the smallest median that another implementation has in the same run. */
  | { readonly kind: "fastest"; readonly atMost: number }
  /** At most this figure, on any machine. */
  | { readonly kind: "absolute"; readonly atMost: number }
  /** At least this figure, on any machine. */
  | { readonly kind: "least"; readonly atLeast: number }
  /** At least this much for each core of the machine. */
  | { readonly kind: "perCore"; readonly atLeast: number };

/**
 * How a benchmark gets its values:
 * - `direct`: each RESULT line of the program is one;
 * - `speedup`: the program runs on one P and on all, and the ratio of the two medians is the value;
 * - `cpu`: the program prints COUNT lines, and the process's processor time between two of them, divided by what was
 *   counted, is one; in nanoseconds;
 * - `load`: the program is a server, and `client` a program of Skein's that sends it requests; as `cpu`, but the client counts
 *   the answers, and the time is the server's;
 * - `mean`: no program runs; the geometric mean of how the first implementation relates to the second in the benchmarks
 *   whose names begin with this one's and a slash.
 */
export type Measure = "direct" | "speedup" | "cpu" | "load" | "mean";

export interface Benchmark {
  /** With the number of Ps, it is what tells benchmarks apart. `a/b` is one of the family `a`. */
  readonly name: string;
  /**
   * The program's path under `bench/programs`, without its ending, where it is not the name. A name in `bench/tasks` with its
   * ending, `start.mjs`, is a JavaScript program that every implementation runs, as in `bench/tasks/harness.mjs`.
   */
  readonly program?: string;
  /** The program in `bench/programs` that is the client of a server (`load`); its arguments are the address and `args`. */
  readonly client?: string;
  readonly description: string;
  readonly unit: "ns/op" | "ms" | "B/goroutine" | "B/thread" | "B/connection" | "MB" | "x" | "%";
  readonly better: "lower" | "higher";
  /** How many Ps the program gets: the question is what an operation costs, what the whole machine does, or what so many do. */
  readonly procs: "one" | "all" | number;
  readonly measure: Measure;
  /** The names of those compared; Skein first. */
  readonly implementations: readonly string[];
  /** A program that must be on PATH to measure it. */
  readonly needs?: string;
  /** The program's arguments: size, repetitions. */
  readonly args: readonly number[];
  /** The same under `--quick`. */
  readonly quickArgs: readonly number[];
  /** The most processes for each implementation, however many are asked for: one takes long. */
  readonly runs?: number;
  /** All of them are to be reached. */
  readonly targets?: readonly Target[];
}

/** The number of Ps that a benchmark's programs get on a machine with so many cores. */
export function procsOf({ procs }: Benchmark, cores: number): number {
  if (procs === "one") return 1;
  return procs === "all" ? cores : procs;
}

/** Is the benchmark what a name on the command line stands for: itself, or one of its family? */
export function isNamed(benchmark: Benchmark, name: string): boolean {
  return benchmark.name === name || benchmark.name.startsWith(`${name}/`);
}

/** Is a benchmark's program, by its name, one in JavaScript that all its implementations run? */
export function isShared(program: string): boolean {
  return program.endsWith(".mjs");
}

/** A target in words: `<= 0.35x go`, `<= 10`, `>= 0.9 x cores`. */
export function wording(target: Target): string {
  switch (target.kind) {
    case "ratio":
      return `<= ${target.atMost.toFixed(2)}x ${target.to}`;
    case "fastest":
      return `<= ${target.atMost.toFixed(2)}x the fastest`;
    case "absolute":
      return `<= ${target.atMost}`;
    case "least":
      return `>= ${target.atLeast}`;
    case "perCore":
      return `>= ${target.atLeast} x cores`;
  }
}
