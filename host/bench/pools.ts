/**
 * Goroutines in TypeScript against what else JavaScript has, on two threads each. The programs are in `bench/tasks`; every
 * implementation runs the same ones.
 */
import type { Benchmark, Target } from "./benchmark.js";

const pools = ["skein", "piscina", "tinypool", "workerpool", "poolifier"];
const withPiscina = ["skein", "piscina"];
const MB = 2 ** 20;

/** What leaves nothing behind, as `lifetimes.mjs` counts them. */
const lifetimes: readonly [name: string, what: string, times: number, quickTimes: number][] = [
  ["calls", "tasks with 1 MB of bytes each", 6000, 1500],
  ["waits", "waits for a channel and for a lock that are given up", 200_000, 20_000],
  ["buffers", "tasks with 1 MB of shared memory each", 12_000, 12_000],
  ["starts", "runtimes that are started and closed", 1000, 40],
];

/** The command line, as `command.mjs` counts it. */
const commands: readonly [name: string, description: string, unit: "ms" | "MB", most: number][] = [
  ["hello", "skein run of a small program that is in the cache: the time to its first line", "ms", 350],
  ["hello/memory", "the same: the process's resident memory by then", "MB", 100],
];

function row(
  benchmark: Pick<Benchmark, "name" | "description" | "args" | "quickArgs"> & Partial<Benchmark>,
): Benchmark {
  return { unit: "ns/op", better: "lower", procs: 2, measure: "direct", implementations: withPiscina, ...benchmark };
}

function fastest(atMost: number): Target {
  return { kind: "fastest", atMost };
}

function atMost(share: number, to = "piscina"): Target {
  return { kind: "ratio", to, atMost: share };
}

export const tasks: readonly Benchmark[] = [
  row({
    name: "tasks",
    program: "throughput.mjs",
    description: "tasks that add one to a number, 64 in flight, per task",
    implementations: pools,
    args: [500, 64, 3],
    quickArgs: [200, 64, 2],
    targets: [fastest(0.1), { kind: "absolute", atMost: 1000 }],
  }),
  row({
    name: "roundtrip/idle",
    program: "roundtrip.mjs",
    description: "one such task, begun when all threads have been asleep for 2 ms, until its result is there",
    implementations: pools,
    args: [200, 2, 3],
    quickArgs: [100, 2, 1],
    targets: [fastest(0.75)],
  }),
  row({
    name: "roundtrip/spinning",
    program: "roundtrip.mjs",
    description: "one such task after another, each begun when the one before has ended",
    implementations: pools,
    args: [5000, 0, 3],
    quickArgs: [2000, 0, 2],
    targets: [{ kind: "absolute", atMost: 15_000 }],
  }),
  row({
    name: "bytes/copied",
    program: "bytes.mjs",
    description: "1 MB of bytes to a task and back, as copies",
    args: [MB, 500, 0, 3],
    quickArgs: [MB, 200, 0, 2],
    targets: [atMost(1 / 2)],
  }),
  row({
    name: "bytes/shared",
    program: "bytes.mjs",
    description: "1 MB of bytes in shared memory to a task and back",
    implementations: [...withPiscina, "piscina copying"],
    args: [MB, 5000, 1, 3],
    quickArgs: [MB, 2000, 1, 2],
    targets: [atMost(1 / 20, "piscina copying")],
  }),
  row({
    name: "object",
    program: "object.mjs",
    description: "a nested object, 1 KB as JSON, to a task and back",
    args: [5000, 3],
    quickArgs: [2000, 2],
    targets: [atMost(1 / 1.5)],
  }),
  row({
    name: "channel",
    program: "channel.mjs",
    description: "a million numbers from the main thread to one other, per number",
    implementations: ["skein", "MessageChannel", "multithreading"],
    args: [1_000_000, 1024, 2000, 3],
    quickArgs: [100_000, 1024, 500, 2],
    targets: [fastest(0.1)],
  }),
  row({
    name: "thread-memory",
    program: "thread-memory.mjs",
    description: "resident memory for each further thread that runs tasks",
    unit: "B/thread",
    args: [8, 3],
    quickArgs: [8, 1],
    targets: [atMost(1)],
  }),
  ...(["ms", "MB"] as const).map((unit, memory) =>
    row({
      name: memory === 0 ? "computing" : "computing/memory",
      program: "computing.mjs",
      description:
        memory === 0
          ? "24 asynchronous functions that compute, at once, on as many threads as there are by default"
          : "the same: the process's resident memory",
      unit,
      args: [24, 5_000_000, memory, 3],
      quickArgs: [24, 1_000_000, memory, 2],
      targets: [atMost(memory === 0 ? 1.1 : 1.3)],
    }),
  ),
  ...lifetimes.map(([name, what, times, quickTimes], kind) =>
    row({
      name: `lifetimes/${name}`,
      program: "lifetimes.mjs",
      description: `${what}: by how much resident memory grows from the first half of them to the second`,
      unit: "%",
      implementations: ["skein"],
      args: [kind, times, 1],
      quickArgs: [kind, quickTimes, 1],
      runs: 2,
      targets: [{ kind: "absolute", atMost: 5 }],
    }),
  ),
  ...commands.map(([name, description, unit, most], what) =>
    row({
      name,
      program: "command.mjs",
      description,
      unit,
      implementations: ["skein"],
      args: [what, 5],
      quickArgs: [what, 2],
      runs: 1,
      targets: [{ kind: "absolute", atMost: most }],
    }),
  ),
  row({
    name: "start",
    program: "start.mjs",
    description: "from opening the runtime or pool to the first task's result",
    unit: "ms",
    args: [4],
    quickArgs: [2],
    targets: [atMost(1)],
  }),
  row({
    name: "import",
    program: "import.mjs",
    description: "loading the library",
    unit: "ms",
    args: [8],
    quickArgs: [3],
    targets: [atMost(1.3)],
  }),
];
