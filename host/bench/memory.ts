/** Memory: allocation, and what the collector costs in time, in pauses and in memory, beside Go's with GOGC=100. */
import type { Benchmark, Target } from "./benchmark.js";

const base = { better: "lower", measure: "direct", implementations: ["skein", "go"] } as const;
/** Programs that allocate much, each in its own way. */
const work = { ...base, unit: "ms", procs: "all" } as const;

function atMost(share: number): Target {
  return { kind: "ratio", to: "go", atMost: share };
}

function limit(figure: number): Target {
  return { kind: "absolute", atMost: figure };
}

const PARKED = 1_000_000;
const PARKED_QUICK = 100_000;
const COLLECTIONS = 100;
/** For the depth of the trees, so that all have a million objects with 200 MB; and next to none. */
const [MILLION, FEW] = [14, 5];

export const memory: readonly Benchmark[] = [
  {
    ...work,
    name: "objects/trees",
    program: "trees",
    description: "binary trees of depths 4 to 18 from goroutines, beside one that stays",
    args: [18, 2],
    quickArgs: [14, 2],
    runs: 3,
    targets: [atMost(1)],
  },
  {
    ...work,
    name: "objects/maps",
    program: "maps",
    description: "maps of records that are filled, looked up, changed and thinned out",
    args: [50_000, 3],
    quickArgs: [10_000, 2],
    runs: 3,
  },
  {
    ...work,
    name: "objects/strings",
    program: "strings",
    description: "texts that are composed of words, split and counted",
    args: [20_000, 3],
    quickArgs: [5000, 2],
    runs: 3,
  },
  {
    ...work,
    name: "objects/json",
    program: "json",
    description: "a text like JSON that is parsed and written again",
    args: [2000, 3],
    quickArgs: [500, 2],
    runs: 3,
  },
  {
    ...work,
    name: "objects/lru",
    program: "lru",
    description: "caches of the entries used last, of which a third are replaced",
    args: [200_000, 3],
    quickArgs: [50_000, 2],
    runs: 3,
  },
  {
    name: "objects",
    description: "programs that make many objects: geometric mean of time beside Go's over those above",
    unit: "x",
    better: "lower",
    procs: "all",
    measure: "mean",
    implementations: ["skein", "go"],
    args: [],
    quickArgs: [],
    targets: [limit(1.2)],
  },
  {
    ...base,
    name: "trees-memory",
    program: "trees",
    description: "the peak of the process's resident memory in objects/trees",
    unit: "MB",
    procs: "all",
    args: [18, 1, 1],
    quickArgs: [14, 1, 1],
    runs: 3,
    targets: [atMost(1.5)],
  },
  {
    ...base,
    name: "allocate",
    description: "objects of 32 bytes, of which the latest 1024 are kept, per object",
    unit: "ns/op",
    procs: "one",
    args: [10_000_000, 5],
    quickArgs: [2_000_000, 3],
    targets: [limit(12)],
  },
  {
    ...base,
    name: "allocate-parallel",
    description: "the same from 16 goroutines: time on one P divided by time on all cores",
    unit: "x",
    better: "higher",
    procs: "all",
    measure: "speedup",
    args: [20_000_000, 3],
    quickArgs: [4_000_000, 3],
    targets: [{ kind: "perCore", atLeast: 0.9 }],
  },
  ...pauses("objects", "beside a million objects with 200 MB", [0, MILLION], [0, MILLION - 3]),
  ...pauses("goroutines", "beside a million parked goroutines", [PARKED, FEW], [PARKED_QUICK, FEW]),
  {
    ...base,
    name: "marking",
    description:
      "goroutines that change trees of a million objects: their speed while collections run, beside that without",
    unit: "x",
    better: "higher",
    procs: "all",
    args: [MILLION, 1000, 3],
    quickArgs: [MILLION, 300, 2],
    runs: 3,
    targets: [{ kind: "least", atLeast: 0.65 }],
  },
  {
    ...base,
    name: "server-memory",
    description: "a server's resident memory, of which 20 MB are in use, while it answers with 10 GB",
    unit: "MB",
    procs: "all",
    args: [10_000, 0],
    quickArgs: [1000, 0],
    runs: 1,
    targets: [limit(110)],
  },
  {
    ...base,
    name: "server-memory-range",
    program: "server-memory",
    description: "the same: by how much its most exceeds its least, over the last half",
    unit: "%",
    procs: "all",
    args: [10_000, 1],
    quickArgs: [1000, 1],
    runs: 1,
    targets: [limit(5)],
  },
  ...serving("echo", 0, "the server of echo with 500 connections", 500),
  ...serving("redis", 1, "the example of a Redis server with 50 connections", 50),
  {
    ...base,
    name: "after-peak",
    description: "resident memory ten seconds after objects of 1 GB were dropped",
    unit: "MB",
    procs: "all",
    args: [1_000_000, 10_000],
    quickArgs: [200_000, 3000],
    runs: 1,
    targets: [limit(150)],
  },
];

/** The resident memory of a server under load. */
function serving(name: string, which: number, server: string, connections: number): Benchmark[] {
  const of = { ...base, program: "serving.mjs", procs: "all", implementations: ["skein"], runs: 1 } as const;
  const program = (figure: number) => ({
    args: [which, connections, 120, 1, figure],
    quickArgs: [which, connections, 20, 1, figure],
    ...(name === "redis" && { needs: "redis-benchmark" }),
  });
  return [
    {
      ...of,
      ...program(0),
      name: `${name}-memory`,
      description: `${server}: by how much its resident memory's most exceeds its least, over the last half`,
      unit: "%",
      targets: [limit(5)],
    },
    {
      ...of,
      ...program(1),
      name: `${name}-memory/beyond`,
      description: "the same: its most, less 2.5 times what is live",
      unit: "MB",
      targets: [limit(60)],
    },
  ];
}

/** How long collections stop the program: what 99 of 100 keep below, and the longest. */
function pauses(name: string, beside: string, args: readonly number[], quickArgs: readonly number[]): Benchmark[] {
  const of = { ...base, program: "pauses", unit: "ms", procs: "all", runs: 2 } as const;
  const program = (longest: number) => ({
    args: [...args, COLLECTIONS, longest],
    quickArgs: [...quickArgs, COLLECTIONS / 5, longest],
  });
  return [
    {
      ...of,
      ...program(0),
      name: `pauses/${name}`,
      description: `how long 99 of 100 collections stop the program, ${beside}`,
      targets: [limit(1)],
    },
    {
      ...of,
      ...program(1),
      name: `pauses/${name}/longest`,
      description: "the same: the longest",
      targets: [limit(5)],
    },
  ];
}
