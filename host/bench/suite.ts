/**
 * What is measured. The programs are `bench/programs/NAME.ts` and their counterparts in Go, `bench/peers/go/NAME`; those in
 * JavaScript are in `bench/tasks`.
 */
import type { Benchmark, Target } from "./benchmark.js";
import { cPrograms } from "./cprograms.js";
import { compute } from "./compute.js";
import { loops } from "./loops.js";
import { memory } from "./memory.js";
import { tasks } from "./pools.js";
import { remote } from "./remote.js";

const GM = "skein --sched gm";
const NO_PREEMPT = "skein --no-preempt";
const GC_OFF = "skein gc=off";
const NO_BARRIER = "skein --no-barrier";

/** What most benchmarks are: the program's own figures, the lower the better, beside those of the same in Go. */
const withGo = { better: "lower", measure: "direct", implementations: ["skein", "go"] } as const;

function atMost(share: number, to = "go"): Target {
  return { kind: "ratio", to, atMost: share };
}

/** The computations without goroutines that show what safepoints cost, with their sizes: some tenths of a second each. */
const kernels: readonly [name: string, size: number, quickSize: number][] = [
  ["mandelbrot", 600, 300],
  ["matrix", 300, 200],
  ["bytesieve", 8_000_000, 4_000_000],
  ["fannkuch", 9, 9],
  ["nbody", 2_000_000, 500_000],
  ["sha256", 8_000_000, 2_000_000],
];

/** What the write barrier's cost is taken over: those, and a program that stores a reference for each object. */
const barriers: typeof kernels = [
  ...kernels.map((kernel): (typeof kernels)[number] => [`compute/${kernel[0]}`, kernel[1], kernel[2]]),
  ["trees", 13, 11],
];

/** What two schedulers do with ever more Ms than the machine has cores. */
const msCompared = [1, 2, 4, 8];

export const suite: readonly Benchmark[] = [
  {
    ...withGo,
    name: "spawn",
    description: "start an empty goroutine and wait for it, 200 under one WaitGroup",
    unit: "ns/op",
    procs: "all",
    args: [1_000_000, 5],
    quickArgs: [200_000, 5],
    targets: [atMost(0.35)],
  },
  {
    ...withGo,
    name: "yield",
    description: "two goroutines yield to each other, per yield",
    unit: "ns/op",
    procs: "one",
    args: [2_000_000, 5],
    quickArgs: [500_000, 5],
    targets: [atMost(1)],
  },
  {
    ...withGo,
    name: "pingpong",
    description: "a value there and back over two unbuffered channels, per round trip",
    unit: "ns/op",
    procs: "one",
    args: [500_000, 5],
    quickArgs: [100_000, 5],
    targets: [atMost(0.6)],
  },
  {
    ...withGo,
    name: "buffered",
    description: "a producer and a consumer over a channel of 128, per element",
    unit: "ns/op",
    procs: "one",
    args: [4_000_000, 5],
    quickArgs: [1_000_000, 5],
    targets: [atMost(1)],
  },
  {
    ...withGo,
    name: "skynet",
    description: "a tree of goroutines with a million leaves sums up their numbers",
    unit: "ms",
    procs: "all",
    args: [1_000_000, 3],
    quickArgs: [100_000, 3],
    targets: [atMost(0.5)],
  },
  {
    ...withGo,
    name: "sieve",
    description: "the first 1000 primes from a chain of filtering goroutines",
    unit: "ms",
    procs: "all",
    args: [1000, 3],
    quickArgs: [500, 3],
    targets: [atMost(0.8)],
  },
  {
    ...withGo,
    name: "select4",
    description: "select over four channels, each fed by a goroutine, per value received",
    unit: "ns/op",
    procs: "one",
    args: [400_000, 5],
    quickArgs: [100_000, 5],
  },
  {
    ...withGo,
    name: "select-bodies",
    description: "the same by a statement with a body beside each case, written in the loop",
    unit: "ns/op",
    procs: "one",
    args: [400_000, 5],
    quickArgs: [100_000, 5],
    targets: [atMost(1)],
  },
  {
    ...withGo,
    name: "mutex",
    description: "eight goroutines contend for one mutex, per lock and unlock",
    unit: "ns/op",
    procs: "all",
    args: [2_000_000, 5],
    quickArgs: [500_000, 5],
  },
  {
    ...withGo,
    name: "defer",
    description: "a function that locks a mutex and defers unlocking it, per call",
    unit: "ns/op",
    procs: "one",
    args: [5_000_000, 5],
    quickArgs: [1_000_000, 5],
    targets: [atMost(1)],
  },
  ...(
    [
      ["call", "a closure counts in a variable that it has captured, per call", 5_000_000],
      ["map", "an array is mapped with a closure, per element", 1_000_000],
      ["sort", "an array is sorted with a closure, per element", 1_000_000],
    ] as const
  ).map(([what, description, n], kind): Benchmark => ({
    ...withGo,
    name: `closures/${what}`,
    program: "closures",
    description,
    unit: "ns/op",
    procs: "one",
    args: [kind, n, 5],
    quickArgs: [kind, n / 5, 5],
    targets: [atMost(1.5)],
  })),
  {
    ...withGo,
    name: "parked-memory",
    description: "memory for each of a million goroutines parked in a receive",
    unit: "B/goroutine",
    procs: "one",
    args: [1_000_000],
    quickArgs: [200_000],
    targets: [atMost(0.15)],
  },
  {
    ...withGo,
    name: "parallel",
    description: "a Mandelbrot picture, a goroutine a row: time on one P divided by time on all cores",
    unit: "x",
    better: "higher",
    procs: "all",
    measure: "speedup",
    args: [1000, 5],
    quickArgs: [600, 3],
    targets: [{ kind: "perCore", atLeast: 0.9 }],
  },
  {
    ...withGo,
    name: "ticker",
    description: "a 5 ms ticker beside two spinning goroutines a core: the lateness that 99 of 100 ticks keep below",
    unit: "ms",
    procs: "all",
    args: [300, 2],
    quickArgs: [100, 2],
    targets: [{ kind: "absolute", atMost: 15 }, atMost(1.2)],
  },
  {
    ...withGo,
    name: "blocking",
    description: "a computation beside four goroutines in blocking calls of 100 ms: how much longer it takes",
    unit: "%",
    procs: "one",
    args: [300, 5],
    quickArgs: [300, 2],
    targets: [{ kind: "absolute", atMost: 10 }],
  },
  {
    ...withGo,
    name: "sleepers",
    description: "10 000 goroutines in sleeps of 1 ms: processor time of the whole process for each wake-up",
    unit: "ns/op",
    procs: "all",
    measure: "cpu",
    args: [10_000, 6],
    quickArgs: [10_000, 3],
    targets: [atMost(1)],
  },
  ...kernels.map(([kernel, size, quickSize]): Benchmark => ({
    name: `safepoints/${kernel}`,
    program: `compute/${kernel}`,
    description: `${kernel} with safepoints in its loops, and without`,
    unit: "ms",
    better: "lower",
    procs: "one",
    measure: "direct",
    implementations: ["skein", NO_PREEMPT],
    args: [size, 3],
    quickArgs: [quickSize, 2],
    targets: [atMost(1.35, NO_PREEMPT)],
  })),
  {
    name: "safepoints",
    description: "what safepoints cost: geometric mean over the computations above",
    unit: "x",
    better: "lower",
    procs: "one",
    measure: "mean",
    implementations: ["skein", NO_PREEMPT],
    args: [],
    quickArgs: [],
    targets: [{ kind: "absolute", atMost: 1.1 }],
  },
  ...barriers.map(([program, size, quickSize]): Benchmark => ({
    name: `barrier/${program.replace("compute/", "")}`,
    program,
    description: `${program.replace("compute/", "")} while no collection runs, with the write barrier and without`,
    unit: "ms",
    better: "lower",
    procs: "one",
    measure: "direct",
    implementations: [GC_OFF, NO_BARRIER],
    // Most of these compile to the same code with and without: few repetitions would show what else the machine does.
    args: [size, 9],
    quickArgs: [quickSize, 9],
  })),
  {
    name: "barrier",
    description: "what the write barrier costs while no collection runs: geometric mean over the programs above",
    unit: "x",
    better: "lower",
    procs: "one",
    measure: "mean",
    implementations: [GC_OFF, NO_BARRIER],
    args: [],
    quickArgs: [],
    targets: [{ kind: "absolute", atMost: 1.03 }],
  },
  ...msCompared.map((ms): Benchmark => ({
    name: "gm-vs-gmp",
    program: "skynet",
    description: `a tree of goroutines on ${ms} ${ms === 1 ? "M" : "Ms"}, with a queue for each P and with one for all`,
    unit: "ms",
    better: "lower",
    procs: ms,
    measure: "direct",
    implementations: ["skein", GM],
    args: [100_000, 5],
    quickArgs: [100_000, 3],
    // The others show how it goes on.
    ...(ms === 2 && { targets: [atMost(1 / 3, GM)] }),
  })),
  {
    name: "echo",
    client: "echo-load",
    description:
      "a server with a goroutine for each of 1000 connections gives back 64 bytes, its processor time per request",
    unit: "ns/op",
    better: "lower",
    procs: "all",
    measure: "load",
    // The others are loops.
    implementations: ["skein", "skein/serve", "serve", "go", "evio"],
    args: [1000, 5],
    quickArgs: [1000, 2],
    targets: [atMost(1.1), atMost(1, "evio")],
  },
  {
    name: "resp",
    program: "resp.mjs",
    description: "PING in Redis's protocol, 50 connections without pipelining: the server's processor time per request",
    unit: "ns/op",
    better: "lower",
    procs: "one",
    measure: "direct",
    implementations: ["skein", "redis-server", "node:net"],
    needs: "redis-benchmark",
    args: [300_000, 1, 3],
    quickArgs: [200_000, 1, 2],
    targets: [atMost(1.1, "redis-server"), atMost(0.85, "node:net")],
  },
  {
    name: "resp-pipelined",
    program: "resp.mjs",
    description: "the same with 32 requests at a time: time per request",
    unit: "ns/op",
    better: "lower",
    procs: "one",
    measure: "direct",
    implementations: ["skein", "redis-server", "node:net"],
    needs: "redis-benchmark",
    args: [2_000_000, 32, 3],
    quickArgs: [1_000_000, 32, 2],
    // 0.8 times as many requests in a second.
    targets: [atMost(1.25, "redis-server")],
  },
  {
    name: "idle-memory",
    program: "idle.mjs",
    description: "a server with 10 000 idle connections: its memory for each, outside of the kernel",
    unit: "B/connection",
    better: "lower",
    procs: "one",
    measure: "direct",
    implementations: ["skein", "node:net"],
    args: [10_000, 0],
    quickArgs: [10_000, 0],
    targets: [{ kind: "absolute", atMost: 1024 }],
  },
  {
    name: "idle-cpu",
    program: "idle.mjs",
    description: "the same: its processor time in 10 seconds",
    unit: "ms",
    better: "lower",
    procs: "one",
    measure: "direct",
    implementations: ["skein", "node:net"],
    args: [10_000, 10],
    quickArgs: [10_000, 10],
    targets: [{ kind: "absolute", atMost: 50 }],
  },
  ...compute,
  ...cPrograms,
  ...memory,
  ...tasks,
  ...remote,
  ...loops,
];
