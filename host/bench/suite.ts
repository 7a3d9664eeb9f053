/**
 * What is measured: each benchmark's definition, which holds for every implementation alike. The programs themselves are
 * `bench/programs/NAME.ts` and its peers' counterparts, `bench/peers/IMPLEMENTATION/NAME`.
 */

/** A median that Skein is to reach. */
export type Target =
  /** At most this share of a peer's median in the same run. */
  | { readonly kind: "ratio"; readonly to: string; readonly atMost: number }
  /** At least this much for each core of the machine. */
  | { readonly kind: "perCore"; readonly atLeast: number };

export interface Benchmark {
  readonly name: string;
  readonly description: string;
  readonly unit: "ns/op" | "ms" | "B/goroutine" | "x";
  readonly better: "lower" | "higher";
  /** How many Ps the program gets: the question is either what an operation costs, or what the whole machine does. */
  readonly procs: "one" | "all";
  /**
   * How a process's output becomes values: `direct`, each RESULT line is one; `speedup`, the program runs on one P and on
   * all, and the ratio of the two medians is the value.
   */
  readonly measure: "direct" | "speedup";
  /** The program's arguments: size, repetitions. */
  readonly args: readonly number[];
  /** The same under `--quick`. */
  readonly quickArgs: readonly number[];
  readonly target?: Target;
}

const atMost = (share: number): Target => ({ kind: "ratio", to: "go", atMost: share });

export const suite: readonly Benchmark[] = [
  {
    name: "spawn",
    description: "start an empty goroutine and wait for it, 200 under one WaitGroup",
    unit: "ns/op",
    better: "lower",
    procs: "all",
    measure: "direct",
    args: [1_000_000, 5],
    quickArgs: [200_000, 5],
    target: atMost(0.35),
  },
  {
    name: "yield",
    description: "two goroutines yield to each other, per yield",
    unit: "ns/op",
    better: "lower",
    procs: "one",
    measure: "direct",
    args: [2_000_000, 5],
    quickArgs: [500_000, 5],
    target: atMost(1),
  },
  {
    name: "pingpong",
    description: "a value there and back over two unbuffered channels, per round trip",
    unit: "ns/op",
    better: "lower",
    procs: "one",
    measure: "direct",
    args: [500_000, 5],
    quickArgs: [100_000, 5],
    target: atMost(0.6),
  },
  {
    name: "buffered",
    description: "a producer and a consumer over a channel of 128, per element",
    unit: "ns/op",
    better: "lower",
    procs: "one",
    measure: "direct",
    args: [4_000_000, 5],
    quickArgs: [1_000_000, 5],
    target: atMost(1),
  },
  {
    name: "skynet",
    description: "a tree of goroutines with a million leaves sums up their numbers",
    unit: "ms",
    better: "lower",
    procs: "all",
    measure: "direct",
    args: [1_000_000, 3],
    quickArgs: [100_000, 3],
    target: atMost(0.5),
  },
  {
    name: "sieve",
    description: "the first 1000 primes from a chain of filtering goroutines",
    unit: "ms",
    better: "lower",
    procs: "all",
    measure: "direct",
    args: [1000, 3],
    quickArgs: [500, 3],
    target: atMost(0.8),
  },
  {
    name: "select4",
    description: "select over four channels, each fed by a goroutine, per value received",
    unit: "ns/op",
    better: "lower",
    procs: "one",
    measure: "direct",
    args: [400_000, 5],
    quickArgs: [100_000, 5],
  },
  {
    name: "mutex",
    description: "eight goroutines contend for one mutex, per lock and unlock",
    unit: "ns/op",
    better: "lower",
    procs: "all",
    measure: "direct",
    args: [2_000_000, 5],
    quickArgs: [500_000, 5],
  },
  {
    name: "parked-memory",
    description: "memory for each of a million goroutines parked in a receive",
    unit: "B/goroutine",
    better: "lower",
    procs: "one",
    measure: "direct",
    args: [1_000_000],
    quickArgs: [200_000],
    target: atMost(0.15),
  },
  {
    name: "parallel",
    description: "a Mandelbrot picture, a goroutine a row: time on one P divided by time on all cores",
    unit: "x",
    better: "higher",
    procs: "all",
    measure: "speedup",
    args: [1000, 5],
    quickArgs: [600, 3],
    target: { kind: "perCore", atLeast: 0.9 },
  },
];
