/** Programs that compute over arrays, texts and maps, as a Go developer would port them: indices are checked in both. */
import type { Benchmark } from "./benchmark.js";

/** With their sizes: some tenths of a second each. */
const programs: readonly [name: string, description: string, size: number, quickSize: number][] = [
  ["mergesort", "an array of integers is sorted by halves", 2_000_000, 500_000],
  ["quicksort", "an array of integers is sorted in place", 2_000_000, 500_000],
  ["product", "the product of two matrices, arrays of rows", 500, 300],
  ["life", "forty generations of Conway's on an array of bytes", 512, 256],
  ["queens", "the ways in which queens stand on a board", 12, 10],
  ["grep", "the lines of a text that a pattern matches", 200_000, 50_000],
  ["words", "the words of a text are counted in a map", 1_000_000, 300_000],
  ["json", "a text like JSON that is parsed and written again, from goroutines", 2000, 500],
  ["stringmap", "a map of texts is filled, looked up and thinned out", 500_000, 100_000],
  ["intmap", "a map of integers is filled, counted in and summed up", 1_000_000, 200_000],
];

export const compute: readonly Benchmark[] = [
  ...programs.map(([program, description, size, quickSize]): Benchmark => ({
    name: `compute/${program}`,
    program,
    description,
    unit: "ms",
    better: "lower",
    procs: 2,
    measure: "direct",
    implementations: ["skein", "go"],
    args: [size, 3],
    quickArgs: [quickSize, 2],
    runs: 3,
    targets: [{ kind: "ratio", to: "go", atMost: 1.8 }],
  })),
  {
    name: "compute",
    description: "programs that compute: geometric mean of time beside Go's over those above",
    unit: "x",
    better: "lower",
    procs: 2,
    measure: "mean",
    implementations: ["skein", "go"],
    args: [],
    quickArgs: [],
    targets: [{ kind: "absolute", atMost: 1.3 }],
  },
];
