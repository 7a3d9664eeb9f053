/**
 * Runs benchmarks. A machine's noise comes in waves, so the implementations take turns process by process, each round in
 * the opposite order of the one before: a wave hits all of them alike.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { procsOf, type Benchmark } from "./benchmark.js";
import { ChildError, output } from "./child.js";
import { cpuPerCount, unmeasurable } from "./cputime.js";
import type { Implementation, Ready } from "./implementations/implementation.js";
import { skein } from "./implementations/skein.js";
import { cpuPerAnswer } from "./load.js";
import { meanRatio } from "./mean.js";
import type { Measurement, Outcome } from "./measurement.js";
import { results } from "./results.js";
import { median } from "./statistics.js";

export interface Plan {
  readonly benchmarks: readonly Benchmark[];
  readonly implementations: readonly Implementation[];
  /** Processes for each benchmark and implementation. */
  readonly runs: number;
  readonly quick: boolean;
  /** The processors that "all" stands for. */
  readonly cores: number;
}

/** What the runner says while it works: what runs now. */
export type Progress = (text: string) => void;

/**
 * Runs the whole plan, each benchmark on those of the implementations that it compares. Aborting `stop` ends the running child and rejects with the
 * signal's reason.
 */
export async function runPlan(plan: Plan, stop: AbortSignal, progress: Progress): Promise<Measurement[]> {
  const contestants: Contestant[] = [];
  for (const implementation of plan.implementations) {
    if (!plan.benchmarks.some((benchmark) => benchmark.implementations.includes(implementation.name))) continue;
    progress(`preparing ${implementation.name}`);
    contestants.push(await prepare(implementation, stop));
  }
  const measurements: Measurement[] = [];
  for (const benchmark of plan.benchmarks) {
    const outcomes = await outcomesOf(benchmark, contestants, measurements, plan, stop, progress);
    const procs = procsOf(benchmark, plan.cores);
    for (const [implementation, outcome] of outcomes) measurements.push({ benchmark, implementation, procs, outcome });
  }
  return measurements;
}

interface Contestant {
  readonly name: string;
  readonly ready: Ready | { readonly unavailable: string };
}

async function prepare(implementation: Implementation, stop: AbortSignal): Promise<Contestant> {
  try {
    return { name: implementation.name, ready: await implementation.prepare(stop) };
  } catch (error) {
    if (!(error instanceof ChildError)) throw error;
    return { name: implementation.name, ready: { unavailable: error.message } };
  }
}

async function outcomesOf(
  benchmark: Benchmark,
  contestants: readonly Contestant[],
  before: readonly Measurement[],
  plan: Plan,
  stop: AbortSignal,
  progress: Progress,
): Promise<Map<string, Outcome>> {
  const compared = contestants.filter(({ name }) => benchmark.implementations.includes(name));
  if (benchmark.measure === "mean") {
    // It says of the first implementation how it relates to the second.
    return new Map(compared.slice(0, 1).map(({ name }) => [name, meanRatio(benchmark, before)]));
  }
  const reason =
    (benchmark.measure === "cpu" || benchmark.measure === "load" ? unmeasurable() : undefined) ?? missing(benchmark);
  if (reason !== undefined) return new Map(compared.map(({ name }) => [name, { kind: "skipped", reason }]));
  return runBenchmark(benchmark, compared, plan, stop, progress);
}

/** Why a benchmark cannot be measured for want of a program, if so. */
function missing({ needs }: Benchmark): string | undefined {
  if (needs === undefined) return undefined;
  const directories = (process.env["PATH"] ?? "").split(path.delimiter);
  return directories.some((directory) => existsSync(path.join(directory, needs)))
    ? undefined
    : `${needs} is not on PATH`;
}

async function runBenchmark(
  benchmark: Benchmark,
  contestants: readonly Contestant[],
  plan: Plan,
  stop: AbortSignal,
  progress: Progress,
): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const running: { name: string; ready: Ready; values: number[] }[] = [];
  for (const { name, ready } of contestants) {
    if ("unavailable" in ready) {
      outcomes.set(name, { kind: "skipped", reason: ready.unavailable });
    } else {
      const values: number[] = [];
      outcomes.set(name, { kind: "measured", runtime: ready.runtime, values });
      running.push({ name, ready, values });
    }
  }
  if (benchmark.unit === "MB") await buildBefore(benchmark, running, stop);
  const runs = Math.min(plan.runs, benchmark.runs ?? plan.runs);
  for (let round = 0; round < runs; round++) {
    for (const { name, ready, values } of round % 2 === 0 ? running : running.toReversed()) {
      if (outcomes.get(name)?.kind === "failed") continue;
      progress(`${benchmark.name}: ${name}, run ${round + 1} of ${runs}`);
      try {
        values.push(...(await runOnce(benchmark, ready, plan, stop)));
      } catch (error) {
        if (!(error instanceof ChildError)) throw error;
        outcomes.set(name, { kind: "failed", reason: error.message });
      }
    }
  }
  return outcomes;
}

/** What builds a program within its first process takes memory there. A program that cannot be built fails when it is run. */
async function buildBefore(
  benchmark: Benchmark,
  running: readonly { ready: Ready }[],
  stop: AbortSignal,
): Promise<void> {
  for (const { ready } of running) {
    const build = ready.build?.(benchmark.program ?? benchmark.name);
    if (!build) continue;
    await output(build, stop).catch((error: unknown) => {
      if (!(error instanceof ChildError)) throw error;
    });
  }
}

/** The values of one process, or of the pair that makes a speedup. */
async function runOnce(benchmark: Benchmark, ready: Ready, plan: Plan, stop: AbortSignal): Promise<number[]> {
  const args = (plan.quick ? benchmark.quickArgs : benchmark.args).map(String);
  const command = (procs: number) => ready.command(benchmark.program ?? benchmark.name, procs, args);
  const run = async (procs: number, unit: string) => results(await output(command(procs), stop), unit);
  const procs = procsOf(benchmark, plan.cores);
  if (benchmark.measure === "load") {
    // One client for all, so that what differs is the servers.
    const client = await skein.prepare(stop);
    return cpuPerAnswer(
      ready.command(benchmark.program ?? benchmark.name, procs, []),
      (address) => client.command(benchmark.client ?? "", procs, [address, ...args]),
      stop,
    );
  }
  if (benchmark.measure === "cpu") return cpuPerCount(command(procs), stop);
  if (benchmark.measure === "direct") return run(procs, benchmark.unit);
  const one = median(await run(1, "ms"));
  const all = median(await run(plan.cores, "ms"));
  return [one / all];
}
