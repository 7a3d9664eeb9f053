/** Calls of two worker processes, beside BullMQ's jobs and plain NATS, and through kills and restarts. The programs are in `bench/tasks`. */
import type { Benchmark } from "./benchmark.js";

const common = { program: "remote.mjs", procs: 2, measure: "direct", needs: "nats-server", runs: 2 } as const;
/** What goes on for a minute is run once. */
const once = { ...common, runs: 1 } as const;
const faults = { ...once, program: "remote-faults.mjs", implementations: ["skein"] } as const;

export const remote: readonly Benchmark[] = [
  {
    ...common,
    name: "remote/computing",
    description: "calls that compute for 1 ms, 64 in flight: share of what the processors allow",
    unit: "%",
    better: "higher",
    implementations: ["skein", "bullmq", "nats"],
    args: [1, 4000, 64, 3],
    quickArgs: [1, 1000, 64, 1],
    targets: [{ kind: "least", atLeast: 90 }],
  },
  {
    ...common,
    name: "remote/empty",
    description: "calls that do nothing, 256 in flight, stored and acknowledged: time per call",
    unit: "ns/op",
    better: "lower",
    implementations: ["skein", "bullmq", "nats"],
    args: [0, 10_000, 256, 3],
    quickArgs: [0, 3000, 256, 1],
    targets: [
      { kind: "ratio", to: "bullmq", atMost: 1 / 3 },
      { kind: "ratio", to: "nats", atMost: 2 },
    ],
  },
  {
    ...common,
    name: "remote/roundtrip",
    description: "one such call after another",
    unit: "ns/op",
    better: "lower",
    implementations: ["skein", "nats stored"],
    args: [0, 1000, 1, 3],
    quickArgs: [0, 300, 1, 1],
    targets: [{ kind: "ratio", to: "nats stored", atMost: 1.5 }],
  },
  {
    ...faults,
    name: "remote/kills",
    description:
      "keyed calls within a minute in which a worker is killed every two seconds: those that have their one result",
    unit: "%",
    better: "higher",
    args: [20_000, 60, 30, 0, 0],
    quickArgs: [1500, 6, 3, 0, 0],
    targets: [{ kind: "least", atLeast: 100 }],
  },
  {
    ...faults,
    name: "remote/kills/twice",
    description: "the same: those that ran to their end more than once, with one result each",
    unit: "%",
    better: "lower",
    args: [20_000, 60, 30, 0, 1],
    quickArgs: [1500, 6, 3, 0, 1],
  },
  {
    ...faults,
    name: "remote/restarts",
    description:
      "keyed calls while the server is restarted five times, all of which have their result: the longest beyond the outage",
    unit: "ms",
    better: "lower",
    args: [10_000, 30, 0, 5, 2],
    quickArgs: [1500, 6, 0, 2, 2],
    targets: [{ kind: "absolute", atMost: 6000 }],
  },
  {
    ...once,
    name: "remote/lock",
    program: "remote-lock.mjs",
    needs: "redis-server",
    description: "a job that computes for a minute, with BullMQ's lock of 30 s: how often it is run",
    unit: "x",
    better: "lower",
    implementations: ["skein", "bullmq"],
    args: [60_000, 30_000],
    quickArgs: [5000, 2000],
    targets: [{ kind: "absolute", atMost: 1 }],
  },
];
