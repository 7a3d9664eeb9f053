/** Calls of two worker processes, beside BullMQ's jobs and plain NATS. The programs are in `bench/tasks`. */
import type { Benchmark } from "./benchmark.js";

const common = { program: "remote.mjs", procs: 2, measure: "direct", needs: "nats-server", runs: 2 } as const;

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
];
