/** Event loops: Skein's against Python's, and the queue through which other threads reach a loop. */
import type { Benchmark } from "./benchmark.js";

const implementations = ["skein", "asyncio", "uvloop"];
const base = { unit: "ns/op", better: "lower", procs: "one", measure: "direct", implementations } as const;
const targets = [
  { kind: "ratio", to: "asyncio", atMost: 0.5 },
  { kind: "ratio", to: "uvloop", atMost: 1 },
] as const;

export const loops: readonly Benchmark[] = [
  {
    ...base,
    name: "callsoon",
    program: "callsoon.mjs",
    description: "a chain of callbacks in the event loop, each of which schedules the next, per callback",
    args: [1_000_000, 3],
    quickArgs: [200_000, 2],
    targets,
  },
  {
    ...base,
    name: "calllater",
    program: "calllater.mjs",
    description: "timers in the event loop, of which four in five are cancelled, per timer",
    args: [1_000_000, 3],
    quickArgs: [200_000, 2],
    targets,
  },
  {
    name: "notequeue",
    description: "four producers and one consumer: the lock-free queue's time as a share of a queue's under a Mutex",
    unit: "x",
    better: "lower",
    procs: "all",
    measure: "direct",
    implementations: ["skein"],
    args: [800_000, 5],
    quickArgs: [400_000, 3],
    targets: [{ kind: "absolute", atMost: 0.2 }],
  },
];
