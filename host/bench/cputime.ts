/** The processor time of processes, as Linux counts it. */
import { readFileSync } from "node:fs";
import process from "node:process";
import { ChildError, output, type Command } from "./child.js";

/** The unit of /proc's times for programs, on every Linux; the kernel itself counts finer, and rounds. */
const CLOCK_TICK_NS = 10_000_000;

/** Why processor time cannot be measured here, if it cannot. */
export function unmeasurable(): string | undefined {
  return process.platform === "linux" ? undefined : "processor time is read from /proc, which is Linux's";
}

/** User and system time of all threads of a process, those that have ended included, in nanoseconds. */
function cpuTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // After the command's name in parentheses come the state and the rest; utime and stime are the 14th and 15th fields.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_NS;
}

/** A process whose time is measured. */
export interface Sampled {
  readonly pid: number;
}

/**
 * Runs a program that prints lines `COUNT n`, the sum of what it has done so far. Returns the processor time that its process,
 * or that of `other`, took for each, between one line and the next, in nanoseconds.
 */
export async function cpuPerCount(command: Command, stop: AbortSignal, other?: Sampled): Promise<number[]> {
  const samples: { count: number; time: number }[] = [];
  await output(command, stop, (pid, line) => {
    const count = /^COUNT (\d+)$/.exec(line)?.[1];
    if (count !== undefined) samples.push({ count: Number(count), time: cpuTime(other?.pid ?? pid) });
  });
  const values = samples.slice(1).map((sample, i) => {
    const before = samples[i] as (typeof samples)[number];
    return (sample.time - before.time) / (sample.count - before.count);
  });
  if (values.length === 0) throw new ChildError("printed no two lines with COUNT");
  if (!values.every((value) => Number.isFinite(value) && value > 0)) {
    throw new ChildError("counted nothing, or used no processor time itself");
  }
  return values;
}
