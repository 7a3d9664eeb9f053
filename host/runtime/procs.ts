/**
 * How many processors a program gets, and how options that are numbers are read.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import process from "node:process";
import { MAX_PROCS } from "../../assembly/layout.js";
import { SkeinError } from "../base/errors.js";

/** The processors that this process may use. */
export function numCPU(): number {
  return Math.max(1, availableParallelism());
}

/**
 * How many processors' time a container lets this process use: the least quota of its control group (version 2) and of those
 * above it; Infinity where there is none. `cgroup` is the file that names the group, `mount` where groups are found.
 */
export function cpuQuota(cgroup = "/proc/self/cgroup", mount = "/sys/fs/cgroup"): number {
  const read = (file: string): string => {
    try {
      return readFileSync(file, "utf8");
    } catch {
      return "";
    }
  };
  let quota = Infinity;
  for (
    let at = /^0::(\/.*)$/m.exec(read(cgroup))?.[1];
    at !== undefined;
    at = at === "/" ? undefined : path.dirname(at)
  ) {
    const limit = /^(\d+) (\d+)/.exec(read(path.join(mount, at, "cpu.max")));
    if (limit !== null) quota = Math.min(quota, Number(limit[1]) / Number(limit[2]));
  }
  return quota;
}

/** The least that a quota brings gomaxprocs down to: with one P nothing runs beside what computes. */
const LEAST_BY_QUOTA = 2;

/**
 * gomaxprocs where no option gives it: SKEIN_MAXPROCS, else GOMAXPROCS, else the processors there are, or what of them a container
 * grants, rounded up. As in Go (`runtime/cgroup_linux.go`), a value that is no positive number is ignored, and one past the limit
 * means the limit.
 */
export function defaultProcs(env: NodeJS.ProcessEnv = process.env): number {
  for (const name of ["SKEIN_MAXPROCS", "GOMAXPROCS"]) {
    const text = env[name];
    if (text !== undefined && /^\d+$/.test(text) && Number(text) > 0) return Math.min(Number(text), MAX_PROCS);
  }
  return Math.min(numCPU(), Math.max(LEAST_BY_QUOTA, Math.ceil(cpuQuota())), MAX_PROCS);
}

/** Checks the option `procs`; `shown` is what the user wrote. */
export function checkProcs(procs: number, shown: string = String(procs)): number {
  if (!Number.isInteger(procs) || procs < 1 || procs > MAX_PROCS) {
    throw new SkeinError(`procs must be a whole number from 1 to ${MAX_PROCS}, not ${shown}`);
  }
  return procs;
}

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** Reads an amount of memory: a number of bytes, or one with the suffix K, M or G (or KiB, MB, …: powers of 1024). */
export function parseMemory(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([KMG]?)(?:i?B)?$/i.exec(text.trim());
  const bytes = match === null ? NaN : Number(match[1]) * (UNITS[(match[2] ?? "").toUpperCase()] ?? NaN);
  if (!(bytes >= 1)) throw new SkeinError(`not an amount of memory: ${text} (try 512M)`);
  return Math.floor(bytes);
}

/** The least limit of a heap, in bytes: the allocator may take a page for each of its 38 size classes, and a program needs some more. */
const LEAST_MEMORY = 4 * 2 ** 20;

/** Checks the option `maxMemory`; `shown` is what the user wrote. */
export function checkMemory(bytes: number, shown: string = String(bytes)): number {
  if (typeof bytes === "number" && bytes >= LEAST_MEMORY) return bytes;
  throw new SkeinError(
    `the limit of memory must be at least ${LEAST_MEMORY} bytes (${LEAST_MEMORY / 2 ** 20}M), not ${shown}`,
  );
}
